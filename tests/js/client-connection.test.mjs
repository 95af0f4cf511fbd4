// The connection of @boardwire/client: it is restored with a fresh token after every failure, and ends for good only when the
// credentials are refused.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from './random.mjs';
import { startFixture } from './client-fixture.mjs';
import { patient } from './patience.mjs';
import { program, token } from './server.mjs';

describe('the connection of @boardwire/client', { timeout: patient(120_000) }, () => {
  const fixture = startFixture({ settings: { BOARDWIRE_MAX_CONNECTIONS_PER_USER: '8' }, options: { reconnect: { minMs: 20, maxMs: 200 } } });

  /** Connects a client and records its states. */
  const start = (options = {}, url = undefined) => {
    const client = fixture.connect('ann', options, url);
    const states = [client.getStatus().state];
    client.onStatus(({ state }) => state !== states.at(-1) && states.push(state));
    return { client, states };
  };

  it('reports its state, and reconnects with a fresh token', async () => {
    let fetches = 0;
    const { client, states } = start({ token: async () => ((fetches += 1), token('ann')) });
    await client.ready();
    assert.deepEqual(states, ['connecting', 'connected', 'live']);
    assert.equal(client.getStatus().server.user.id, 'ann');
    client.subscribe('task:*', {}, () => {});
    states.length = 0;
    fixture.proxy.cut();
    await until('the next connection', () => states.at(-1) === 'live');
    assert.deepEqual(states, ['reconnecting', 'connected', 'catching-up', 'live']);
    assert.equal(fetches, 2);
    await client.close();
    assert.equal(client.getStatus().state, 'closed');
  });

  it('retries with jitter until a server answers', async () => {
    const { client } = start();
    await client.ready();
    const waits = [];
    client.onStatus(({ retryInMs }) => retryInMs !== undefined && waits.push(retryInMs));
    fixture.proxy.refuse();
    await until('many attempts', () => waits.length > 8);
    const late = waits.slice(5);
    assert.ok(
      late.every((wait) => wait >= 100 && wait <= 300),
      `between half and one and a half of 200 ms: ${late}`,
    );
    assert.ok(new Set(late).size > 1, 'they vary');
    fixture.proxy.accept();
    await client.ready();
    await client.close();
  });

  it('drops a connection that has gone silent', async () => {
    const { client, states } = start({ silenceMs: 300 });
    await client.ready();
    fixture.proxy.stall();
    const pending = client.send('board:list', {});
    await until('the end of that connection', () => states.includes('reconnecting'));
    fixture.proxy.cut();
    fixture.proxy.resume();
    assert.ok((await pending).ok);
    await client.close();
  });

  it('renews the token before it expires', async () => {
    let fetches = 0;
    const { client, states } = start({ token: () => token('ann', ['read'], (fetches += 1) > 1 ? 3600 : 3) });
    await client.ready();
    await sleep(3500);
    await client.send('board:list', {});
    assert.equal(fetches, 2);
    assert.ok(!states.includes('reconnecting'), 'the same connection');
    await client.close();
  });

  it('reconnects when its token expired without renewal', async () => {
    let connects = 0;
    let live = 2;
    const { client, states } = start({
      token: () => {
        // Fetching a token fails while connected, for renewal, and succeeds for a new connection.
        if (client?.getStatus().state === 'live') throw new Error('no token available');
        connects += 1;
        return token('ann', ['read'], live);
      },
    });
    await client.ready();
    live = 3600;
    await until('the second connection', () => connects === 2 && states.at(-1) === 'live');
    await client.close();
  });

  it('ends when the credentials are refused, and rejects waiting commands', async () => {
    const { client } = start({ token: 'a.e30.c' });
    const waiting = client.send('board:list', {});
    await assert.rejects(waiting, { code: 'AUTH_FAILED' });
    await assert.rejects(client.ready(), { message: 'Authentication failed' });
    assert.equal(client.getStatus().state, 'refused');
    await assert.rejects(client.send('board:list', {}), { code: 'AUTH_FAILED' });
  });

  it('fetches another token after a refusal, and gives up if it is the same', async () => {
    const offers = ['a.e30.c', 'b.e30.c', token('ann')];
    let fetches = 0;
    const accepted = start({ token: () => offers[(fetches += 1) - 1] });
    await accepted.client.ready();
    assert.equal(fetches, 3);
    await accepted.client.close();

    let repeats = 0;
    const { client } = start({ token: () => ((repeats += 1), 'a.e30.c') });
    await assert.rejects(client.ready());
    assert.equal(repeats, 2, 'the same token is not presented twice');
    assert.equal(client.getStatus().state, 'refused');
  });

  it('connects again after a refusal on reconnect()', async () => {
    let current = 'a.e30.c';
    const { client } = start({ token: () => current });
    await assert.rejects(client.ready());
    current = token('ann');
    client.reconnect();
    await until('the connection', () => client.getStatus().state === 'live');
    await client.close();
  });

  it('retries when fetching a token fails', async () => {
    let fetches = 0;
    const { client } = start({
      token: async () => {
        fetches += 1;
        if (fetches < 3) throw new Error('the identity provider is down');
        return token('ann');
      },
    });
    await client.ready();
    assert.equal(fetches, 3);
    await client.close();
  });

  it('retries while the user has too many connections', async () => {
    const crowd = Array.from({ length: 8 }, () => start({ token: () => token('cem') }));
    await Promise.all(crowd.map(({ client }) => client.ready()));
    const late = start({ token: () => token('cem') });
    await until('its refusal', () => late.client.getStatus().error?.message === 'Too many connections');
    await crowd[0].client.close();
    await late.client.ready();
    for (const { client } of [...crowd, late]) await client.close();
  });

  it('accepts an API key, and ends when it is revoked', async () => {
    fixture.server.run(['user', 'create', '--id', 'kim', '--name', 'Kim']);
    const { id, key } = JSON.parse(fixture.server.run(['api-key', 'create', '--user', 'kim', '--name', 'k', '--json']));
    const { client } = start({ token: undefined, apiKey: key });
    await client.ready();
    fixture.server.run(['api-key', 'revoke', id]);
    await until('the end', () => client.getStatus().state === 'refused');
  });

  it('waits for `reconnectAfterMs` when the server stops', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'boardwire-closing-'));
    const secret = 'a-secret-of-at-least-thirty-two-characters';
    const environment = { ...process.env, BOARDWIRE_JWT_SECRET: secret, BOARDWIRE_DATABASE_URL: `sqlite://${join(folder, 'b.db')}` };
    const ending = spawn(program(), ['serve', '--listen', '127.0.0.1:0'], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
    const line = await new Promise((resolve) => createInterface({ input: ending.stdout }).once('line', resolve));
    const { token: issued } = JSON.parse(await issue(folder, environment));
    const { client } = start({ token: issued }, `http://${JSON.parse(line).listening}`);
    await client.ready();
    const closing = new Promise((resolve) => client.on('server:closing', ({ data }) => resolve(data.reconnectAfterMs)));
    const wait = new Promise((resolve) => client.onStatus(({ retryInMs }) => retryInMs !== undefined && resolve(retryInMs)));
    const from = Date.now();
    ending.kill('SIGTERM');
    const reconnectAfterMs = await closing;
    assert.ok((await wait) + (Date.now() - from) >= reconnectAfterMs, `${await wait} ms after being asked for ${reconnectAfterMs}`);
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets Node exit after close()', async () => {
    const script = `
      import { connect } from '@boardwire/client';
      const client = connect(${JSON.stringify(fixture.server.url)}, { token: () => ${JSON.stringify(token('ann'))} });
      await client.send('board:create', { id: 'exit', name: 'B' });
      const board = client.openBoard('exit');
      await board.ready();
      const { id } = await board.createTask({ title: 'T' });
      board.edit(id, 'title', 'Typed');
      board.typing(id);
      client.subscribe('*', {}, () => {});
      await client.close();
      const unreachable = connect('http://127.0.0.1:9', { apiKey: 'x' });
      unreachable.send('board:list', {}).catch(() => {});
      unreachable.openBoard('exit');
      await unreachable.close();`;
    writeFileSync(join(fixture.installed.folder, 'exit.mjs'), script);
    const child = spawn(process.execPath, ['exit.mjs'], { cwd: fixture.installed.folder, stdio: ['ignore', 'inherit', 'inherit'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), patient(10_000));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    clearTimeout(timer);
    assert.equal(code, 0, 'Node exits by itself');
    const { client } = start();
    const { tasks } = await client.send('board:get', { boardId: 'exit' });
    assert.equal(tasks[0].title, 'Typed', 'typed text is sent before the end');
    await client.close();
  });
});

/** Returns what `boardwire token issue` prints for a new user. */
async function issue(folder, environment) {
  const run = (args) =>
    new Promise((resolve, reject) => {
      const child = spawn(program(), args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (data) => (output += data));
      child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${args} ended with ${code}`))));
    });
  await run(['user', 'create', '--id', 'ann', '--name', 'Ann', '--json']);
  return run(['token', 'issue', '--user', 'ann', '--json']);
}
