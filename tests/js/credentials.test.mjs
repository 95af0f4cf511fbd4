// Credentials through the official client, on each of its transports: an API key, a session by its id and by its cookie,
// and the end of a connection when its credentials end.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';

import { open, TRANSPORTS } from './client.mjs';
import { patient } from './patience.mjs';
import { startServer } from './server.mjs';

const ORIGIN = 'https://board.example';
const MAX_END_MS = 1000;

for (const [transport, options] of Object.entries(TRANSPORTS)) {
  describe(`credentials over ${transport}`, () => {
    let server;

    before(async () => {
      server = await startServer({ BOARDWIRE_CLIENT_URL: ORIGIN });
      server.run(['user', 'create', '--id', 'ada', '--name', 'Ada', '--password-stdin'], 'correct horse\n');
    });

    after(() => server?.stop());

    /** Waits for the error that announces the end of the connection, and for the end. Returns how long that took, in milliseconds. */
    const waitForEnd = async (client) => {
      const begun = Date.now();
      const disconnected = new Promise((resolve) => client.socket.once('disconnect', resolve));
      const { payload } = await client.event('error');
      assert.equal(payload.code, 'UNAUTHENTICATED');
      assert.equal(await disconnected, 'io server disconnect');
      return Date.now() - begun;
    };

    const login = (headers = {}) =>
      fetch(`${server.url}/api/v1/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ user: 'ada', password: 'correct horse' }),
      });

    it('ends when its API key is revoked', { timeout: patient(60_000) }, async () => {
      const { id, key } = JSON.parse(server.run(['api-key', 'create', '--user', 'ada', '--name', 'robot', '--json']));
      const robot = open(server.url, 'ada', { ...options, auth: { apiKey: key } });
      assert.equal((await robot.connected()).user.id, 'ada');
      server.run(['api-key', 'revoke', id]);
      assert.ok((await waitForEnd(robot)) < MAX_END_MS);
      const again = io(server.url, { ...options, auth: { apiKey: key }, forceNew: true, reconnection: false });
      const refused = await new Promise((resolve) => again.once('connect_error', resolve));
      assert.equal(refused.message, 'Authentication failed');
      again.disconnect();
    });

    it('ends when its session is ended', { timeout: patient(60_000) }, async () => {
      const { sessionId } = await (await login()).json();
      const ada = open(server.url, 'ada', { ...options, auth: { sessionId } });
      await ada.connected();
      const headers = { origin: ORIGIN, cookie: `boardwire_session=${sessionId}` };
      const left = await fetch(`${server.url}/api/v1/sessions/current`, { method: 'DELETE', headers });
      assert.equal(left.status, 204);
      assert.ok((await waitForEnd(ada)) < MAX_END_MS);
    });

    it("accepts a page's cookie only with the page's origin", { timeout: patient(60_000) }, async () => {
      const answer = await login({ origin: ORIGIN });
      assert.equal((await answer.json()).sessionId, undefined, 'a script in the page must not see it');
      const cookie = answer.headers.get('set-cookie').split(';')[0];
      const page = open(server.url, 'ada', { ...options, auth: {}, extraHeaders: { origin: ORIGIN, cookie } });
      assert.equal((await page.connected()).user.id, 'ada');
      page.close();
      const program = open(server.url, 'ada', { ...options, auth: {}, extraHeaders: { cookie } });
      await assert.rejects(program.connected(), /Authentication failed/);
      program.close();
    });
  });
}
