// The copies of a board that the module in the guide keeps: they equal the board, whatever happens to it and to the connection.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom, until } from './random.mjs';
import { CROWD, sorted, startFixture } from './guide-fixture.mjs';
import { patient } from './patience.mjs';

const CHANGES = 600;
/** The card that is open in every copy; nobody deletes it. */
const CARD = 'card';
/** Codes for changes that another user's change has overtaken. */
const OVERTAKEN = ['CONFLICT', 'NOT_FOUND', 'INVALID_MESSAGE', 'DEPENDENCY_CYCLE'];

/** Returns a random command for what the copy contains, which may be out of date. */
function command({ pick, below, chance, shuffled }, { boardId, tasks, columns, dependencies, comments }, serial) {
  const task = pick([...tasks.values()]);
  const other = pick([...tasks.values()]);
  const comment = pick([...(comments?.values() ?? [])]);
  const column = pick([...columns.values()]);
  const kind = pick([
    ...(tasks.size < 5 ? ['create'] : []),
    'create',
    'create',
    'update',
    'update',
    'move',
    'move',
    'move',
    'assign',
    'complete',
    'delete',
    'column',
    'rename',
    'reorder',
    'deleteColumn',
    'board',
    'member',
    'member',
    'link',
    'unlink',
    'comment',
    'comment',
    'edit',
    'uncomment',
  ]);
  const neighbour = (wanted) => {
    const there = [...tasks.values()].filter((other) => other.column_id === wanted?.id && other.id !== task?.id);
    return there.length > 0 && chance(0.7) ? { [pick(['before', 'after'])]: pick(there).id } : {};
  };
  switch (kind) {
    case 'create':
      return ['task:create', { boardId, title: `Task ${serial}`, columnId: column?.id, ...neighbour(column) }];
    case 'update':
      return task && ['task:update', { taskId: task.id, updates: { title: `Title ${below(4)}`, priority: below(3) } }];
    case 'move':
      return task && column && ['task:move', { taskId: task.id, toColumn: column.id, ...neighbour(column) }];
    case 'assign':
      return task && ['task:assign', { taskId: task.id, assignee: pick([...CROWD, null]) }];
    case 'complete':
      return task && ['task:complete', { taskId: task.id }];
    case 'delete':
      return task && task.id !== CARD && tasks.size > 10 && ['task:delete', { taskId: task.id }];
    case 'column': {
      const position = column && chance(0.5) ? { after: column.id } : {};
      return columns.size < 8 && ['column:create', { boardId, name: `Column ${serial}`, ...position }];
    }
    case 'rename':
      return column && ['column:update', { columnId: column.id, updates: { name: `Name ${below(3)}` } }];
    case 'reorder':
      return ['column:reorder', { boardId, columnIds: shuffled([...columns.keys()]) }];
    case 'deleteColumn': {
      const target = pick([...columns.keys()].filter((id) => id !== column?.id));
      return columns.size > 3 && ['column:delete', { columnId: column.id, moveTasksTo: target }];
    }
    case 'link': {
      const type = pick(['blocks', 'relates_to']);
      return task && ['task:dependency:add', { taskId: task.id, dependsOn: other.id, type }];
    }
    case 'unlink': {
      const { task_id: taskId, depends_on: dependsOn, type } = pick([...dependencies.values()]) ?? {};
      return taskId && ['task:dependency:remove', { taskId, dependsOn, type }];
    }
    // Mostly on the card that is open.
    case 'comment':
      return task && ['task:comment:add', { taskId: chance(0.2) ? task.id : CARD, body: `Comment ${serial}` }];
    case 'edit':
      return comment && ['task:comment:update', { commentId: comment.id, body: `Edited ${below(3)}` }];
    case 'uncomment':
      return comment && ['task:comment:delete', { commentId: comment.id }];
    case 'board':
      return ['board:update', { boardId, updates: { name: `Board ${below(3)}` } }];
    case 'member':
      return chance(0.6)
        ? ['board:member:set', { boardId, userId: 'eve', role: pick(['viewer', 'member']) }]
        : ['board:member:remove', { boardId, userId: 'eve' }];
  }
}

describe('the board copy of the module in the guide', () => {
  const fixture = startFixture();
  const { expectEqualCopies, connect, createUser, createBoard, openCopy } = fixture;

  it('equals the board after many users changed it over bad connections', { timeout: patient(120_000) }, async (t) => {
    const seed = Number(process.env.BOARDWIRE_TEST_SEED ?? Date.now() % 2 ** 31);
    const message = `BOARDWIRE_TEST_SEED=${seed}`;
    await createBoard('random', CROWD);
    createUser('eve');
    await fixture.guide.ask(fixture.keeper, 'task:create', { boardId: 'random', id: CARD, title: 'The open card' });
    const copies = CROWD.map((user) => openCopy(user, 'random'));
    for (const copy of copies) copy.card = new fixture.guide.OpenTask(copy, CARD);
    await until('the first snapshots', () => copies.every(({ seq, card }) => seq !== undefined && card.comments));
    let done = 0;
    let cuts = 0;
    await Promise.all(
      copies.map(async (copy, number) => {
        const random = seededRandom(seed + number);
        const waiting = new Set();
        for (let serial = 0; done < CHANGES; serial += 1) {
          const [name, payload] = command(random, { ...copy, comments: copy.card.comments }, `${copy.user} ${serial}`) || [];
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
            const request = change().finally(() => waiting.delete(request));
            waiting.add(request);
          }
          // Sometimes one at a time, sometimes up to eight.
          while (waiting.size > (random.chance(0.3) ? 8 : 0)) await Promise.race(waiting);
          if (random.chance(0.2)) await sleep(random.below(20));
        }
        await Promise.all(waiting);
      }),
    );
    const seq = await expectEqualCopies(copies, 'random', message);
    const { comments } = await fixture.guide.ask(fixture.keeper, 'task:get', { taskId: CARD });
    for (const { user, card } of copies) {
      assert.deepEqual(sorted(card.comments, 'id'), sorted(comments, 'id'), `${message}: the open card of ${user}`);
    }
    // Resuming must be enough: a gap that needs another snapshot would be a fault of the server or of the class.
    assert.deepEqual(
      copies.map(({ snapshots }) => snapshots),
      copies.map(() => 1),
      `${message}: one snapshot each`,
    );
    t.diagnostic(`${message}: ${done} changes, ${seq} events, ${cuts} cuts`);
  });

  it('equals the board after moves that give other tasks new positions', { timeout: patient(60_000) }, async () => {
    const users = CROWD.slice(0, 8);
    await createBoard('narrow', users);
    const copies = users.map((user) => openCopy(user, 'narrow'));
    await until('the first snapshots', () => copies.every(({ seq }) => seq !== undefined));
    const tasks = [];
    for (const title of ['first', 'one', 'two', 'last']) tasks.push((await copies[0].change('task:create', { boardId: 'narrow', title })).task);
    const [first, one, two] = tasks;
    const start = copies[0].seq;
    const moves = 400;
    for (let times = 0; times < moves; times += 1) {
      const { id, column_id } = times % 2 ? one : two;
      await copies[times % copies.length].change('task:move', { taskId: id, toColumn: column_id, after: first.id });
    }
    const seq = await expectEqualCopies(copies, 'narrow', 'narrow');
    assert.ok(seq > start + moves, 'some moves gave other tasks new positions, each with an event');
    assert.deepEqual(
      copies.map(({ snapshots }) => snapshots),
      copies.map(() => 1),
      'nothing was missed',
    );
  });

  it('equals the board when it changes while pages load', { timeout: patient(120_000) }, async () => {
    await createBoard('large', CROWD);
    const writers = CROWD.map(connect);
    await Promise.all(
      writers.map(async (writer) => {
        for (let serial = 0; serial < 64; serial += 1) await fixture.guide.ask(writer, 'task:create', { boardId: 'large', title: `Task ${serial}` });
      }),
    );
    const { tasks } = await fixture.guide.ask(fixture.keeper, 'board:get', { boardId: 'large' });
    const last = tasks
      .map(({ id }) => id)
      .sort()
      .slice(-2);
    await fixture.guide.ask(fixture.keeper, 'task:dependency:add', { taskId: last[0], dependsOn: last[1], type: 'blocks' });

    const copy = openCopy('keeper', 'large');
    const changes = [];
    copy.socket.onAnyOutgoing((name) => {
      if (name !== 'board:get') return;
      const updates = { title: `Changed at page ${copy.pages}` };
      changes.push(...writers.map((writer, number) => fixture.guide.ask(writer, 'task:update', { taskId: tasks[number * 60].id, updates })));
    });
    await until('the snapshot', () => copy.seq !== undefined);
    await Promise.all(changes);
    await expectEqualCopies([copy], 'large', 'large');
    assert.deepEqual([copy.pages, copy.snapshots], [2, 1]);
  });

  it('equals the board after a change whose reply was lost', { timeout: patient(60_000) }, async () => {
    await createBoard('lost');
    const [writer, other] = ['ann', 'ben'].map((user) => openCopy(user, 'lost'));
    await until('the first snapshots', () => writer.seq !== undefined && other.seq !== undefined);
    // Sent on the class's connection without its knowledge: it receives no event, and does not see the reply.
    await writer.socket.emitWithAck('task:create', { boardId: 'lost', title: 'unseen' });
    await other.change('task:create', { boardId: 'lost', title: 'seen' });
    await expectEqualCopies([writer, other], 'lost', 'lost');
    assert.equal(writer.snapshots, 2, 'the gap is found and a snapshot loaded');
  });

  it('equals the board after the database was replaced by an older one', { timeout: patient(60_000) }, async () => {
    await createBoard('restored');
    const [reader, other] = ['ann', 'ben'].map((user) => openCopy(user, 'restored'));
    await until('the first snapshots', () => reader.seq !== undefined && other.seq !== undefined);
    // To the server, such a client seems to come from another log, and to be ahead.
    Object.assign(reader, { epoch: 'another', seq: reader.seq + 1000 });
    reader.tasks.set('gone', { id: 'gone' });
    reader.socket.io.engine.close();
    for (const title of ['one', 'two', 'three']) await other.change('task:create', { boardId: 'restored', title });
    await until('a new snapshot', () => reader.snapshots === 2 && reader.seq < 1000);
    await other.change('task:create', { boardId: 'restored', title: 'four' });
    await expectEqualCopies([reader, other], 'restored', 'restored');
  });
});
