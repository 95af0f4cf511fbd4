// The class in the guide keeps a copy of a board that is always right, whatever happens to the board and the connection.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { open } from './client.mjs';
import { startServer, token } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const USERS = ['ann', 'ben', 'cem', 'dan'];
const CHANGES = 600;
const PATIENCE_MS = 20_000;
/** What somebody gets who acts on what another has changed meanwhile. */
const OVERTAKEN = ['CONFLICT', 'NOT_FOUND', 'INVALID_MESSAGE'];

/** Random numbers that a seed repeats: mulberry32. */
function dice(seed) {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(random() * limit),
    chance: (share) => random() < share,
    pick: (list) => list[Math.floor(random() * list.length)],
    shuffled: (list) => list.map((one) => [random(), one]).sort(([a], [b]) => a - b).map(([, one]) => one),
  };
}

async function until(what, holds) {
  for (const end = Date.now() + PATIENCE_MS; !holds(); await sleep(10)) {
    if (Date.now() > end) throw new Error(`waited for ${what} in vain`);
  }
}

/** A copy or a snapshot, in an order of its own. */
function picture({ seq, board, tasks, columns, members }) {
  const sorted = (all, key) => [...all.values()].sort((a, b) => (a[key] < b[key] ? -1 : 1));
  return { seq, board, tasks: sorted(tasks, 'id'), columns: sorted(columns, 'id'), members: sorted(members, 'user_id') };
}

/** A random command, made from what the copy shows at this moment; what it shows may be out of date. */
function command({ pick, below, chance, shuffled }, { boardId, tasks, columns }, serial) {
  const task = pick([...tasks.values()]);
  const column = pick([...columns.values()]);
  const kind = pick([...tasks.size < 5 ? ['create'] : [], 'create', 'create', 'update', 'update', 'move', 'move', 'move',
    'assign', 'complete', 'delete', 'column', 'rename', 'reorder', 'drop', 'board', 'member', 'member']);
  const neighbour = (wanted) => {
    const there = [...tasks.values()].filter((other) => other.column_id === wanted?.id && other.id !== task?.id);
    return there.length > 0 && chance(0.7) ? { [pick(['before', 'after'])]: pick(there).id } : {};
  };
  switch (kind) {
    case 'create': return ['task:create', { boardId, title: `Task ${serial}`, columnId: column?.id, ...neighbour(column) }];
    case 'update': return task && ['task:update', { taskId: task.id, updates: { title: `Title ${below(4)}`, priority: below(3) } }];
    case 'move': return task && column && ['task:move', { taskId: task.id, toColumn: column.id, ...neighbour(column) }];
    case 'assign': return task && ['task:assign', { taskId: task.id, assignee: pick([...USERS, null]) }];
    case 'complete': return task && ['task:complete', { taskId: task.id }];
    case 'delete': return task && tasks.size > 10 && ['task:delete', { taskId: task.id }];
    case 'column': {
      const place = column && chance(0.5) ? { after: column.id } : {};
      return columns.size < 8 && ['column:create', { boardId, name: `Column ${serial}`, ...place }];
    }
    case 'rename': return column && ['column:update', { columnId: column.id, updates: { name: `Name ${below(3)}` } }];
    case 'reorder': return ['column:reorder', { boardId, columnIds: shuffled([...columns.keys()]) }];
    case 'drop': {
      const target = pick([...columns.keys()].filter((id) => id !== column?.id));
      return columns.size > 3 && ['column:delete', { columnId: column.id, moveTasksTo: target }];
    }
    case 'board': return ['board:update', { boardId, updates: { name: `Board ${below(3)}` } }];
    case 'member': return chance(0.6)
      ? ['board:member:set', { boardId, userId: 'eve', role: pick(['viewer', 'member']) }]
      : ['board:member:remove', { boardId, userId: 'eve' }];
  }
}

describe('the class in the guide', () => {
  let server;
  let keeper;
  let folder;
  let LiveBoard;
  const live = [];

  /** A copy whose snapshots are counted, and which comes back fast. */
  const watch = (user, boardId) => {
    const copy = new LiveBoard(server.url, () => token(user), boardId, () => {}, (error) => (copy.failure = error));
    copy.user = user;
    copy.snapshots = 0;
    copy.socket.onAnyOutgoing((name) => (copy.snapshots += name === 'board:get'));
    copy.socket.io.reconnectionDelay(10).reconnectionDelayMax(100);
    live.push(copy);
    return copy;
  };

  /** Waits until the copies have come as far as the board, and compares. */
  const compare = async (copies, boardId, message) => {
    const { seq } = await keeper.ask('board:get', { boardId });
    const behind = () => JSON.stringify(copies.map(({ user, seq, failure }) => [user, seq, failure?.message]));
    await until(`event ${seq}`, () => copies.every((copy) => copy.seq >= seq)).catch((error) => {
      throw new Error(`${message}: ${error.message}: ${behind()}`);
    });
    const wanted = picture(await keeper.ask('board:get', { boardId }));
    for (const copy of copies) {
      assert.equal(copy.failure, undefined, `${message}: ${copy.user}: ${copy.failure}`);
      assert.deepEqual(picture(copy), wanted, `${message}: the copy of ${copy.user}`);
    }
    return seq;
  };

  before(async () => {
    const guide = readFileSync(resolve(here, '../../docs/guides/REALTIME.md'), 'utf8');
    const [, snippet] = guide.match(/```js\n([\s\S]*?)```/);
    // Beside node_modules, so that it finds the client as it would after `npm install socket.io-client`.
    folder = mkdtempSync(join(here, 'guide-'));
    writeFileSync(join(folder, 'live-board.mjs'), `${snippet}\nexport { LiveBoard };\n`);
    ({ LiveBoard } = await import(pathToFileURL(join(folder, 'live-board.mjs')).href));
    server = await startServer();
    keeper = open(server.url, 'keeper');
    await keeper.connected();
    for (const user of [...USERS, 'eve']) {
      const known = open(server.url, user);
      await known.connected();
      known.close();
    }
  });

  after(async () => {
    for (const { socket } of live) socket.disconnect();
    keeper?.close();
    await server?.stop();
    if (folder) rmSync(folder, { recursive: true });
  });

  /** A board of which all four are owners. */
  const found = async (boardId) => {
    await keeper.ask('board:create', { name: 'Board', id: boardId });
    for (const userId of USERS) await keeper.ask('board:member:set', { boardId, userId, role: 'owner' });
  };

  it('is right after any changes of four users with bad connections', { timeout: 120_000 }, async (t) => {
    const seed = Number(process.env.BOARDWIRE_TEST_SEED ?? Date.now() % 2 ** 31);
    const message = `BOARDWIRE_TEST_SEED=${seed}`;
    await found('random');
    const copies = USERS.map((user) => watch(user, 'random'));
    await until('the first snapshots', () => copies.every(({ seq }) => seq !== undefined));
    let done = 0;
    let cuts = 0;
    await Promise.all(copies.map(async (copy, number) => {
      const random = dice(seed + number);
      const waiting = new Set();
      for (let serial = 0; done < CHANGES; serial += 1) {
        const [name, payload] = command(random, copy, `${copy.user} ${serial}`) || [];
        if (random.chance(0.04) && copy.socket.connected) {
          cuts += 1;
          copy.socket.io.engine.close();
        }
        if (!name) continue;
        const repeated = random.chance(0.1) ? { requestId: `${copy.user}-${serial}` } : {};
        const change = async () => {
          try {
            await copy.change(name, { ...payload, ...repeated });
            done += 1;
          } catch (error) {
            assert.ok(OVERTAKEN.includes(error.code), `${message}: ${name} ${JSON.stringify(payload)}: ${error.stack}`);
          }
        };
        for (let times = repeated.requestId ? 2 : 1; times > 0; times -= 1) {
          const going = change().finally(() => waiting.delete(going));
          waiting.add(going);
        }
        // Sometimes one after the other, sometimes many at once.
        while (waiting.size > (random.chance(0.3) ? 8 : 0)) await Promise.race(waiting);
        if (random.chance(0.2)) await sleep(random.below(20));
      }
      await Promise.all(waiting);
    }));
    const seq = await compare(copies, 'random', message);
    // Resumes alone must do: a hole, healed by another snapshot, would be a fault of the server or of the class.
    assert.deepEqual(copies.map(({ snapshots }) => snapshots), copies.map(() => 1), `${message}: one snapshot each`);
    t.diagnostic(`${message}: ${done} changes, ${seq} events, ${cuts} cuts`);
  });

  it('is right after moves that make room', { timeout: 60_000 }, async () => {
    await found('narrow');
    const [mover, other] = ['ann', 'ben'].map((user) => watch(user, 'narrow'));
    await until('the first snapshots', () => mover.seq !== undefined && other.seq !== undefined);
    const tasks = [];
    for (const title of ['first', 'one', 'two', 'last']) tasks.push((await mover.change('task:create', { boardId: 'narrow', title })).task);
    const [first, one, two] = tasks;
    const start = mover.seq;
    const moves = 500;
    for (let times = 0; times < moves; times += 1) {
      const { id, column_id } = times % 2 ? one : two;
      await mover.change('task:move', { taskId: id, toColumn: column_id, after: first.id });
    }
    const seq = await compare([mover, other], 'narrow', 'narrow');
    assert.ok(seq > start + moves, 'some moves made room, each with events beside its own');
    assert.equal(mover.snapshots, 1, 'nothing was missed');
  });

  it('is right after an own change whose answer was lost', { timeout: 60_000 }, async () => {
    await found('lost');
    const [writer, other] = ['ann', 'ben'].map((user) => watch(user, 'lost'));
    await until('the first snapshots', () => writer.seq !== undefined && other.seq !== undefined);
    // Behind the class's back, on its connection: it gets neither the event nor, knowingly, the reply.
    await writer.socket.emitWithAck('task:create', { boardId: 'lost', title: 'unseen' });
    await other.change('task:create', { boardId: 'lost', title: 'seen' });
    await compare([writer, other], 'lost', 'lost');
    assert.equal(writer.snapshots, 2, 'the hole is found and a snapshot taken');
  });

  it('is right after the database was replaced by an older one', { timeout: 60_000 }, async () => {
    await found('restored');
    const [reader, other] = ['ann', 'ben'].map((user) => watch(user, 'restored'));
    await until('the first snapshots', () => reader.seq !== undefined && other.seq !== undefined);
    // To its server such a client looks as if it came from another log, and from the future.
    Object.assign(reader, { epoch: 'another', seq: reader.seq + 1000 });
    reader.tasks.set('gone', { id: 'gone' });
    reader.socket.io.engine.close();
    for (const title of ['one', 'two', 'three']) await other.change('task:create', { boardId: 'restored', title });
    await until('a new snapshot', () => reader.snapshots === 2 && reader.seq < 1000);
    await other.change('task:create', { boardId: 'restored', title: 'four' });
    await compare([reader, other], 'restored', 'restored');
  });
});
