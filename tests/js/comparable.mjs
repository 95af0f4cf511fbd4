// Makes copies of a board comparable.

/** Returns a copy of a server's snapshot, or of a replica, with all lists sorted. */
export function comparable({ seq, epoch, board, columns, tasks, members, dependencies }) {
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
