// The commands of @boardwire/client: they are executed in order and once each, although connections end before the replies.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { seededRandom, SEED, until } from './random.mjs';
import { startFixture } from './client-fixture.mjs';
import { patient } from './patience.mjs';
import { startServer } from './server.mjs';

const BURST = 3;

describe('the commands of @boardwire/client', { timeout: patient(120_000) }, () => {
  const fixture = startFixture({ keeper: 'ann' });
  let limitedServer;

  const start = (options, url, user = 'ann') => fixture.connect(user, options, url);

  before(async () => {
    limitedServer = await startServer({ BOARDWIRE_RATE_LIMIT_BURST: String(BURST) });
    await fixture.keeper.ask('board:create', { name: 'Board', id: 'board' });
  });
  after(() => limitedServer?.stop());

  it('have one effect when they are sent again after a lost reply', async () => {
    const client = start();
    await client.ready();
    await fixture.keeper.ask('view:board', { boardId: 'board' });
    fixture.proxy.holdReplies();
    const created = client.send('task:create', { boardId: 'board', title: 'Once' });
    const { payload: first } = await fixture.keeper.event('task:created');
    fixture.proxy.cut();
    const { task, requestId } = await created;
    assert.equal(task.id, first.data.task.id, 'the reply is that to the first attempt');
    assert.equal(requestId, first.requestId);
    const { tasks } = await fixture.keeper.ask('board:get', { boardId: 'board' });
    assert.equal(tasks.length, 1);
    await fixture.keeper.expectNoEvents();
    await fixture.keeper.ask('view:leave', {});
    await client.close();
  });

  it('are executed in the order in which they were sent, over connections that end', async (t) => {
    t.diagnostic(`BOARDWIRE_TEST_SEED=${SEED}`);
    const random = seededRandom(SEED);
    await fixture.keeper.ask('board:create', { name: 'Order', id: 'order', columns: [{ name: 'One' }] });
    const client = start();
    const titles = Array.from({ length: 200 }, (_, number) => `Task ${number}`);
    let cuts = 0;
    await Promise.all(
      titles.map(async (title) => {
        const { task } = await client.send('task:create', { boardId: 'order', title });
        assert.equal(task.title, title);
        if (random.chance(0.05)) {
          cuts += 1;
          fixture.proxy.cut();
        }
      }),
    );
    const { tasks } = await fixture.keeper.ask('board:get', { boardId: 'order' });
    tasks.sort((one, other) => (one.position < other.position ? -1 : 1));
    assert.deepEqual(
      tasks.map(({ title }) => title),
      titles,
      `BOARDWIRE_TEST_SEED=${SEED}`,
    );
    t.diagnostic(`${cuts} cuts`);
    await client.close();
  });

  it('wait for `retryAfter` on a rate limit, and keep their order', async () => {
    const client = start({}, limitedServer.url);
    await client.ready();
    const refusals = [];
    client.on('error', (error) => refusals.push(error));
    await client.send('board:create', { name: 'Board', id: 'board' });
    const began = Date.now();
    const answered = [];
    await Promise.all(
      Array.from({ length: 3 * BURST }, (_, number) =>
        client.send('task:create', { boardId: 'board', title: `Task ${number}` }).then(() => answered.push(number)),
      ),
    );
    assert.deepEqual(
      answered,
      Array.from({ length: 3 * BURST }, (_, number) => number),
    );
    assert.ok(refusals.length > 0 && refusals.every(({ code }) => code === 'RATE_LIMIT'));
    // Each refusal is followed by one attempt after `retryAfter`. Immediate attempts would be refused hundreds of times. On a busy
    // machine an attempt may be slightly early.
    assert.ok(refusals.length <= 3 * BURST, `${refusals.length} refusals`);
    assert.ok(Date.now() - began >= 1_900, 'no faster than the limit allows');
    await client.close();
  });

  it('are rejected with all fields of the refusal', async () => {
    const client = start();
    const { task } = await client.send('task:create', { boardId: 'board', title: 'Old' });
    await client.send('task:update', { taskId: task.id, updates: { title: 'New' }, expectedVersion: task.version });
    const stale = client.send('task:update', { taskId: task.id, updates: { title: 'Other' }, expectedVersion: task.version }, { requestId: 'stale-1' });
    const error = await stale.catch((error) => error);
    assert.ok(error instanceof fixture.installed.client.BoardwireError);
    assert.deepEqual([error.code, error.requestId, error.undecided], ['CONFLICT', 'stale-1', false]);
    assert.ok(error.message.length > 0);
    const { current, fields } = fixture.installed.client.conflictOf(error);
    assert.deepEqual([current.title, fields], ['New', ['title']]);
    await assert.rejects(client.send('task:get', { taskId: 'nowhere' }), { code: 'NOT_FOUND' });
    await client.close();
  });

  it('are given up on timeout, on abort, and when the queue is full', async () => {
    const client = start({ queueLimit: 3 });
    await client.ready();
    fixture.proxy.refuse();
    await until('the end of the connection', () => client.getStatus().state === 'reconnecting');
    const late = client.send('board:list', {}, { timeout: 50 });
    await assert.rejects(late, { code: 'TIMEOUT' });
    const stop = new AbortController();
    const unwanted = client.send('board:create', { name: 'Unwanted', id: 'unwanted' }, { signal: stop.signal });
    stop.abort();
    await assert.rejects(unwanted, { code: 'ABORTED' });
    await assert.rejects(client.send('board:list', {}, { signal: stop.signal }), { code: 'ABORTED' });
    const waiting = Array.from({ length: 3 }, () => client.send('board:list', {}));
    await assert.rejects(client.send('board:list', {}), { code: 'QUEUE_FULL' });
    fixture.proxy.accept();
    await Promise.all(waiting);
    await assert.rejects(client.send('board:get', { boardId: 'unwanted' }), { code: 'NOT_FOUND' });
    await client.close();
    await assert.rejects(client.send('board:list', {}), { code: 'CLOSED' });
  });

  it('are rejected before they exceed the maximum size', async () => {
    const client = start();
    await client.ready();
    const states = [];
    client.onStatus(({ state }) => states.push(state));
    const { limits } = client.getStatus().server;
    const huge = client.send('task:create', { boardId: 'board', title: 'Huge', description: 'x'.repeat(3 * limits.maxPayload) });
    await assert.rejects(huge, { code: 'PAYLOAD_TOO_LARGE' });
    assert.ok((await client.send('board:list', {})).ok);
    assert.deepEqual(states, []);
    await client.close();
  });

  it('are sent or rejected when the client is closed', async () => {
    const client = start();
    await client.ready();
    const sent = client.send('board:create', { name: 'Last', id: 'last' });
    await client.close();
    assert.equal((await sent).board.id, 'last');
    const unsent = start({}, 'http://127.0.0.1:9');
    const waiting = unsent.send('board:list', {});
    await Promise.all([assert.rejects(waiting, { code: 'CLOSED' }), unsent.close()]);
  });
});
