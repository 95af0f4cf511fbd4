// A proxy in front of a server: it can add credentials for clients that have none, and make the server forget a session.
// Host and Origin are passed through as they came.
import http from 'node:http';

/** `{url, sessions, deleted, forget, close}`: how many sessions were opened and deleted; `forget()` makes the sessions that are open unknown, as after a restart of the server. */
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
    const onward = http.request({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
      if (answer.headers['mcp-session-id']) known.add(answer.headers['mcp-session-id']);
      response.writeHead(answer.statusCode, answer.headers);
      // Headers of a stream that is silent as yet are an answer too.
      response.flushHeaders();
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
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
