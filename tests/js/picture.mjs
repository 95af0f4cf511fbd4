// What two copies of a board are compared by.

/** A snapshot of the server, or a replica, with everything in order. */
export function picture({ seq, epoch, board, columns, tasks, members, dependencies }) {
  const sorted = (all, ...fields) => {
    const key = (one) => fields.map((field) => one[field]).join(' ');
    return [...all.values()].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  };
  return {
    seq,
    epoch,
    board,
    columns: sorted(columns, 'position', 'id'),
    tasks: sorted(tasks, 'column_id', 'position', 'id'),
    members: sorted(members, 'user_id'),
    dependencies: sorted(dependencies, 'task_id', 'depends_on', 'type'),
  };
}
