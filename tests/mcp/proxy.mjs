// A proxy in front of a server: it can add credentials for clients that have none, and simulate that the server forgot its sessions.
// Host and Origin are passed on unchanged.
import http from 'node:http';

/**
 * Starts a proxy. Returns `{url, sessions, deleted, forget, close}`: `sessions()` and `deleted()` count the sessions that were opened and
 * deleted; after `forget()` the open sessions are unknown, as after a restart of the server.
 */
export async function startProxy(target, { authorization } = {}) {
  const { hostname, port } = new URL(target);
  let deleted = 0;
  const known = new Set();
  const forgotten = new Set();
  const sockets = new Set();
  const proxy = http.createServer((request, response) => {
    const session = request.headers['mcp-session-id'];
    if (forgotten.has(session)) {
      request.resume();
      response.writeHead(404).end();
      return;
    }
    if (request.method === 'DELETE') deleted += 1;
    const headers = { ...request.headers, ...(authorization ? { authorization } : {}) };
    const forwarded = http.request({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
      if (answer.headers['mcp-session-id']) known.add(answer.headers['mcp-session-id']);
      response.writeHead(answer.statusCode, answer.headers);
      // The headers of a stream are sent before its first event.
      response.flushHeaders();
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  });
  proxy.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const drop = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: `http://localhost:${proxy.address().port}`,
    sessions: () => known.size,
    deleted: () => deleted,
    forget() {
      known.forEach((session) => forgotten.add(session));
      drop();
    },
    close() {
      drop();
      return new Promise((resolve) => proxy.close(resolve));
    },
  };
}
