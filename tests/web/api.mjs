// Creates boards and cards over HTTP for the tests of the pages.

export function startApi(url, token) {
  const send = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    send,
    get: (path) => send('GET', path),
    /** Creates a board with To Do, In Progress and Done; `members` maps users to roles. */
    async board(id, members = {}) {
      const created = await send('POST', '/boards', { id, name: id });
      for (const [user, role] of Object.entries(members)) await send('PUT', `/boards/${id}/members/${user}`, { role });
      return created;
    },
    task: (boardId, task) => send('POST', `/boards/${boardId}/tasks`, task),
  };
}
