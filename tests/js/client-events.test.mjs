// The events of @boardwire/client: typed listeners, and subscriptions that deliver every event once over any number of
// connections, or report that events were missed.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { open } from './client.mjs';
import { until } from './random.mjs';
import { startFixture } from './client-fixture.mjs';
import { patient } from './patience.mjs';
import { startServer } from './server.mjs';

describe('the events of @boardwire/client', { timeout: patient(120_000) }, () => {
  const board = 'board';
  const errors = [];
  const fixture = startFixture({ users: ['ann'], options: { onError: (error) => errors.push(error) } });

  const start = () => fixture.connect('ann');
  const create = async (title) => (await fixture.keeper.ask('task:create', { boardId: board, title })).task;

  before(async () => {
    await fixture.keeper.ask('board:create', { name: 'Board', id: board });
    await fixture.keeper.ask('board:member:set', { boardId: board, userId: 'ann', role: 'member' });
  });

  it('reach listeners for their name or for all events until these are removed', async () => {
    const client = start();
    const received = [];
    const stop = client.on('task:created', ({ data, seq }) => received.push([data.task.title, seq > 0]));
    client.on('task:created', () => {
      throw new Error('a listener fails');
    });
    const all = [];
    client.on('*', ({ type }) => all.push(type));
    await client.ready();
    const subscription = client.subscribe('task:*', { boardId: board }, () => {});
    await client.send('board:list', {});
    await create('First');
    await until('the event', () => received.length === 1);
    stop();
    await create('Second');
    await until('both events', () => all.filter((type) => type === 'task:created').length === 2);
    assert.deepEqual(received, [['First', true]]);
    assert.equal(all[0], 'connection:status');
    assert.equal(errors.length, 2, 'a failing listener is reported and does not affect the others');
    errors.length = 0;
    subscription.close();
    await client.send('board:list', {});
    await create('Third');
    await sleep(100);
    assert.equal(all.filter((type) => type === 'task:created').length, 2);
    await client.close();
  });

  it('reach each of overlapping subscriptions once, in order, over many connections', async () => {
    const client = start();
    await client.ready();
    const store = client.openBoard(board);
    const received = { tasks: [], everything: [], one: [] };
    const resets = [];
    const record = (name) => ({ onEvent: ({ seq }) => received[name].push(seq), onReset: (reset) => resets.push([name, reset]) });
    client.subscribe('task:*', { boardId: board }, record('tasks'));
    client.subscribe('*', { boardId: board, userId: 'keeper' }, record('everything'));
    await store.ready();
    await until('the subscriptions', () => client.getStatus().state === 'live');
    await client.send('board:list', {});
    const first = store.getSnapshot().seq;
    for (let count = 0; count < 60; count += 1) {
      await create(`Task ${count}`);
      if (count % 7 === 0) await fixture.keeper.ask('column:create', { boardId: board, name: `Column ${count}` });
      if (count % 10 === 5) fixture.proxy.cut();
      if (count % 20 === 5) await until('the next connection', () => client.getStatus().state === 'live');
    }
    const { seq: last } = await fixture.keeper.ask('board:get', { boardId: board });
    await until('all events', () => received.everything.at(-1) === last && received.tasks.length === 60);
    const all = Array.from({ length: last - first }, (_, at) => first + 1 + at);
    assert.deepEqual(
      received.everything,
      all.filter((seq) => received.everything.includes(seq)),
    );
    assert.equal(received.everything.length, last - first, 'nothing is missed');
    assert.deepEqual(
      received.tasks,
      [...new Set(received.tasks)].sort((a, b) => a - b),
    );
    assert.deepEqual(resets, []);
    // The store recovers missed events on its own, perhaps later than the subscriptions.
    await until('the store', () => store.getSnapshot().seq === last);
    await client.close();
  });

  it('of a subscription to all boards may be missed, which onReset reports', async () => {
    const client = start();
    await client.ready();
    const resets = [];
    const received = [];
    client.subscribe('task:created', {}, { onEvent: ({ data }) => received.push(data.task.title), onReset: (reset) => resets.push(reset) });
    await client.send('board:list', {});
    await create('First');
    await until('the event', () => received.length === 1);
    assert.deepEqual(resets, []);
    fixture.proxy.cut();
    await until('onReset', () => resets.length === 1);
    assert.deepEqual(resets, [{}]);
    await create('Second');
    await until('the event', () => received.length === 2);
    await client.close();
  });

  it('of a board that the user may not read are refused, as is the board', async () => {
    await fixture.keeper.ask('board:create', { name: 'Secret', id: 'secret' });
    const client = start();
    await client.ready();
    const refusal = new Promise((resolve) => client.subscribe('*', { boardId: 'secret' }, { onEvent: () => {}, onRefused: resolve }));
    assert.equal((await refusal).code, 'NOT_FOUND');
    const store = client.openBoard('secret');
    await assert.rejects(store.ready(), { code: 'NOT_FOUND' });
    assert.deepEqual([store.getSnapshot().state, store.getSnapshot().error.code], ['refused', 'NOT_FOUND']);
    await client.close();
  });

  it('that the log no longer contains are reported as missed, and the board is loaded again', async () => {
    // Another server with a board of the same id, as after a restored backup.
    const restored = await startServer();
    const restoredKeeper = open(restored.url, 'keeper');
    const ann = open(restored.url, 'ann');
    await Promise.all([restoredKeeper.connected(), ann.connected()]);
    ann.close();
    await restoredKeeper.ask('board:create', { name: 'Restored', id: board });
    await restoredKeeper.ask('board:member:set', { boardId: board, userId: 'ann', role: 'member' });

    const client = start();
    const store = client.openBoard(board);
    await store.ready();
    let loaded = 0;
    store.onReset(() => (loaded += 1));
    const resets = [];
    const received = [];
    client.subscribe('task:*', { boardId: board }, { onEvent: ({ data }) => received.push(data.task.title), onReset: (reset) => resets.push(reset) });
    await client.send('board:list', {});
    fixture.proxy.redirect(restored.url);
    await until('onReset', () => resets.length === 1 && loaded === 1);
    const { seq, epoch } = await restoredKeeper.ask('board:get', { boardId: board });
    assert.deepEqual(resets, [{ seq, epoch }]);
    await restoredKeeper.ask('task:create', { boardId: board, title: 'After' });
    await until('the event', () => received.length === 1 && store.getSnapshot().seq === seq + 1);
    assert.equal(store.getSnapshot().board.name, 'Restored');
    assert.deepEqual(
      [...store.getSnapshot().tasks.values()].map(({ title }) => title),
      ['After'],
    );
    await client.close();
    fixture.proxy.redirect(fixture.server.url);
    restoredKeeper.close();
    await restored.stop();
  });
});
