// The replica of @boardwire/client equals the database after thousands of changes by several users, over connections that
// are cut and stall, with refusals, conflicts and repetitions; and no unconfirmed change is left.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom, SEED, until } from './random.mjs';
import { startFixture } from './client-fixture.mjs';
import { patient } from './patience.mjs';
import { comparable } from './comparable.mjs';
import { startProxy } from './proxy.mjs';

const CHANGES = Number(process.env.BOARDWIRE_TEST_CHANGES ?? 5_000);
const BOARD = 'converging';
const WRITERS = ['ann', 'ben', 'cem', 'dan'];
const VIEWER = 'vic';
const WATCHERS = ['wes', 'wim'];
/** The user who is added to the board and removed again and again. */
const GUEST = 'eve';
const WIP_LIMIT = 12;
/** Codes for changes that another user's change has overtaken, or that break a rule of the board. */
const REFUSALS = ['CONFLICT', 'NOT_FOUND', 'INVALID_MESSAGE', 'DEPENDENCY_CYCLE', 'WIP_LIMIT', 'LEASE_LOST'];
/** The chances that a user's connection is cut or stalls after a change. */
const CUT_CHANCE = 0.01;
const STALL_CHANCE = 0.002;

/** Makes a random change of what `shown` contains. Returns its promise; nothing if no change of the chosen kind is possible. */
function randomChange({ pick, below, chance, shuffled }, board, shown, serial) {
  const tasks = [...shown.tasks.values()];
  const [task, other, column] = [pick(tasks), pick(tasks), pick(shown.columns)];
  if (tasks.length < 5) return board.createTask({ title: `Task ${serial}` });
  const neighbour = () => {
    const there = shown.tasksByColumn.get(column?.id)?.filter(({ id }) => id !== task.id) ?? [];
    return there.length > 0 && chance(0.7) ? { [pick(['before', 'after'])]: pick(there).id } : {};
  };
  const target = () => (column ? { toColumn: column.id, ...neighbour() } : undefined);
  const kinds = {
    create: () => column && tasks.length < 150 && board.createTask({ title: `Task ${serial}`, columnId: column.id, ...neighbour() }),
    // Mostly the same few tasks, so that users conflict.
    update: () => board.updateTask(pick(chance(0.7) ? tasks.slice(0, 3) : tasks).id, { title: `Title ${below(9)}`, priority: below(9) }),
    overwrite: () => board.updateTask(task.id, { description: `Text ${serial}`, tags: [`tag ${below(3)}`] }, { force: true }),
    type: () => void [1, 2, 3].forEach((n) => board.edit(task.id, 'description', `Typed ${serial} ${n}`)),
    move: () => target() && board.moveTask(task.id, target()),
    assign: () => board.assign(task.id, pick([...WRITERS, null])),
    complete: () => board.complete(task.id),
    remove: () => tasks.length > 30 && board.deleteTask(task.id),
    misplace: () => board.moveTask(task.id, { toColumn: pick(['nowhere', shown.columns[0].id]), before: 'nobody' }),
    addColumn: () => shown.columns.length < 8 && board.send('column:create', { boardId: BOARD, name: `Column ${serial}` }),
    renameColumn: () => column && board.send('column:update', { columnId: column.id, updates: { name: `Name ${below(3)}` } }),
    reorder: () => board.send('column:reorder', { boardId: BOARD, columnIds: shuffled(shown.columns.map(({ id }) => id)) }),
    deleteColumn: () => {
      const moveTasksTo = pick(shown.columns.filter(({ id }) => id !== column?.id))?.id;
      return shown.columns.length > 4 && column.id !== 'narrow' && board.send('column:delete', { columnId: column.id, moveTasksTo });
    },
    renameBoard: () => board.send('board:update', { boardId: BOARD, updates: { name: `Board ${below(3)}` } }),
    invite: () => board.send('board:member:set', { boardId: BOARD, userId: GUEST, role: pick(['viewer', 'member']) }),
    expel: () => board.send('board:member:remove', { boardId: BOARD, userId: GUEST }),
    link: () => board.send('task:dependency:add', { taskId: task.id, dependsOn: other.id, type: pick(['blocks', 'relates_to']) }),
    unlink: () => {
      const { task_id: taskId, depends_on: dependsOn, type } = pick(shown.dependencies) ?? {};
      return taskId && board.send('task:dependency:remove', { taskId, dependsOn, type });
    },
    claim: () => board.send('task:claim', { boardId: BOARD, ttl: 1 + below(5), ...(chance(0.5) ? { taskId: task.id } : {}) }),
    release: () => board.send('task:release', { taskId: task.id }),
    renew: () => task.lease && board.send('task:renew', { taskId: task.id, fence: task.lease.fence, ttl: 1 }),
    comment: () => board.send('task:comment:add', { taskId: task.id, body: `Comment ${serial}` }),
  };
  const often = ['create', 'create', 'create', 'update', 'update', 'update', 'overwrite', 'type', 'move', 'move', 'move', 'move', 'assign', 'complete'];
  return kinds[pick([...often, ...Object.keys(kinds)])]();
}

describe('the replicas of @boardwire/client', () => {
  const fixture = startFixture({
    users: [...WRITERS, VIEWER, ...WATCHERS, GUEST],
    options: { reconnect: { minMs: 5, maxMs: 50 }, silenceMs: 400, edits: { debounceMs: 15, maxWaitMs: 60 } },
  });
  const participants = [];

  /** Connects a client through its own proxy and opens the board. */
  const openAs = async (user) => {
    const proxy = await startProxy(fixture.server.url);
    const client = fixture.connect(user, {}, proxy.url);
    const one = { user, proxy, client, resets: 0, errors: [] };
    participants.push(one);
    await client.ready();
    // With another board open first, this one is subscribed to and not viewed.
    if (user === 'wim') await client.openBoard('beside').ready();
    one.board = client.openBoard(BOARD);
    one.board.onReset(() => (one.resets += 1));
    await one.board.ready();
    return one;
  };

  before(async () => {
    await fixture.keeper.ask('board:create', { name: 'Board', id: BOARD });
    await fixture.keeper.ask('board:create', { name: 'Beside', id: 'beside' });
    await fixture.keeper.ask('column:create', { boardId: BOARD, name: 'Narrow', id: 'narrow', wip_limit: WIP_LIMIT });
    for (const userId of WRITERS) await fixture.keeper.ask('board:member:set', { boardId: BOARD, userId, role: 'owner' });
    for (const userId of [VIEWER, ...WATCHERS]) await fixture.keeper.ask('board:member:set', { boardId: BOARD, userId, role: 'viewer' });
    await fixture.keeper.ask('board:member:set', { boardId: 'beside', userId: 'wim', role: 'viewer' });
  });

  after(() => Promise.all(participants.map(({ proxy }) => proxy.stop())));

  it(`equal the database after ${CHANGES} changes`, { timeout: patient(180_000) }, async (t) => {
    t.diagnostic(`BOARDWIRE_TEST_SEED=${SEED}`);
    const began = Date.now();
    for (const user of [...WRITERS, VIEWER, ...WATCHERS]) await openAs(user);
    const tally = { done: 0, cuts: 0, stalls: 0, overtaken: 0, refused: {} };
    let head = 0;
    for (const { board } of participants) board.onChange(({ seq }) => (head = Math.max(head, seq)));

    const disturb = async (one, random) => {
      if (random.chance(CUT_CHANCE)) {
        tally.cuts += 1;
        one.proxy.cut();
      }
      if (random.chance(STALL_CHANCE)) {
        tally.stalls += 1;
        one.proxy.stall();
        await sleep(random.below(800));
        one.proxy.cut();
        one.proxy.resume();
      }
    };
    const recordRefusal = (one, error) => {
      const wanted = one.user === VIEWER ? ['FORBIDDEN', ...REFUSALS] : REFUSALS;
      if (!wanted.includes(error.code)) one.errors.push(error);
      if (error.code === 'CONFLICT' && error.details?.fields?.some((field) => ['title', 'priority'].includes(field))) tally.overtaken += 1;
      tally.refused[error.code] = (tally.refused[error.code] ?? 0) + 1;
    };
    const write = async (one, number) => {
      const random = seededRandom(SEED + number);
      const pending = new Set();
      one.board.onRefusal(({ error }) => recordRefusal(one, error));
      for (let serial = 0; head < CHANGES && one.errors.length === 0; serial += 1) {
        const outcome = randomChange(random, one.board, one.board.getSnapshot(), `${one.user} ${serial}`);
        await disturb(one, random);
        if (outcome) {
          const settled = outcome
            .then(
              () => (tally.done += 1),
              () => {},
            )
            .finally(() => pending.delete(settled));
          pending.add(settled);
        }
        // Sometimes one at a time, sometimes up to eight.
        while (pending.size > (random.chance(0.3) ? 8 : 0)) await Promise.race(pending);
        if (one.user === VIEWER) await sleep(random.below(100));
      }
      await Promise.all(pending);
      await one.board.flush();
    };
    const watch = async (one, number) => {
      const random = seededRandom(SEED - number);
      while (head < CHANGES && participants.every(({ errors }) => errors.length === 0)) {
        await disturb(one, random);
        await sleep(10);
      }
    };

    await Promise.all(participants.map((one, number) => (WATCHERS.includes(one.user) ? watch(one, number + 1) : write(one, number))));
    for (const { user, errors } of participants) assert.deepEqual(errors, [], `${user}, BOARDWIRE_TEST_SEED=${SEED}`);

    // Leases expire by themselves: no more changes come when none is left.
    let seq;
    await until('the end of the leases', async () => {
      const snapshot = await fixture.keeper.ask('board:get', { boardId: BOARD });
      seq = snapshot.seq;
      return snapshot.tasks.every(({ lease }) => lease === null);
    });
    await until(`event ${seq}`, () => participants.every(({ board }) => board.getSnapshot().seq >= seq && board.getSnapshot().state === 'live'));
    const wanted = comparable(await fixture.keeper.ask('board:get', { boardId: BOARD }));
    for (const { user, board } of participants) {
      const shown = board.getSnapshot();
      const message = `the replica of ${user}, BOARDWIRE_TEST_SEED=${SEED}`;
      assert.deepEqual(comparable(shown), wanted, message);
      assert.deepEqual(shown.columns, wanted.columns, `${message}: columns in order`);
      assert.deepEqual(
        [...shown.tasksByColumn.values()].map((tasks) => tasks.length).reduce((a, b) => a + b, 0),
        wanted.tasks.length,
        message,
      );
      for (const [id, tasks] of shown.tasksByColumn) {
        assert.deepEqual(
          tasks,
          wanted.tasks.filter((task) => task.column_id === id),
          `${message}: column ${id} in order`,
        );
      }
      assert.equal(shown.unconfirmed, 0, `${message}: no change is left unconfirmed`);
    }
    assert.ok(wanted.seq >= CHANGES, `${wanted.seq} changes`);
    for (const code of ['CONFLICT', 'WIP_LIMIT', 'FORBIDDEN', 'NOT_FOUND']) assert.ok(tally.refused[code] > 0, `no ${code} in ${JSON.stringify(tally)}`);
    assert.ok(tally.cuts > 0 && tally.stalls > 0 && tally.overtaken > 0, JSON.stringify(tally));
    const resets = Object.fromEntries(participants.map(({ user, resets }) => [user, resets]));
    const seconds = (Date.now() - began) / 1000;
    t.diagnostic(`${wanted.seq} changes in ${seconds} s: ${JSON.stringify({ ...tally, resets })}`);
  });
});
