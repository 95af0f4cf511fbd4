// A server with two users and their API keys, and changes over HTTP instead of MCP.
import { startServer } from '../js/server.mjs';

/** Returns `{url, ann, bob, post, stop}`: `ann` and `bob` are API keys, `post` makes a change over HTTP. */
export async function startFixture(settings) {
  const server = await startServer(settings);
  const key = (user) => {
    server.run(['user', 'create', '--id', user, '--name', user]);
    return JSON.parse(server.run(['api-key', 'create', '--user', user, '--name', 'agent', '--json'])).key;
  };
  const [ann, bob] = [key('ann'), key('bob')];
  const post = async (path, body) => {
    const headers = { Authorization: `Bearer ${ann}`, 'Content-Type': 'application/json' };
    const response = await fetch(`${server.url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return { url: server.url, ann, bob, post, stop: server.stop };
}
