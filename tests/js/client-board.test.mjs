// A live board of @boardwire/client: the user's own changes are shown at once and taken back when they are refused, typed text is
// never lost, and viewers and typing users are shown.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { seededRandom, SEED, until } from './random.mjs';
import { PACKAGE } from './client-installed.mjs';
import { startFixture } from './client-fixture.mjs';
import { patient } from './patience.mjs';

describe('a board of @boardwire/client', { timeout: patient(120_000) }, () => {
  const fixture = startFixture({ users: ['ann', 'bob', 'vic'] });
  let number = 0;
  let boardId;
  let columns;

  const start = (user = 'ann', options = {}) => fixture.connect(user, options);
  /** Connects a client and opens the board. */
  const openAs = async (user, options) => {
    const client = start(user, options);
    const board = client.openBoard(boardId);
    await board.ready();
    return { client, board, shown: () => board.getSnapshot(), task: (id) => board.getSnapshot().tasks.get(id) };
  };
  const create = async (title, more = {}) => (await fixture.keeper.ask('task:create', { boardId, title, ...more })).task;
  const change = (taskId, updates) => fixture.keeper.ask('task:update', { taskId, updates });

  beforeEach(async () => {
    boardId = `board-${(number += 1)}`;
    ({ columns } = await fixture.keeper.ask('board:create', { id: boardId, name: 'Board' }));
    for (const userId of ['ann', 'bob']) await fixture.keeper.ask('board:member:set', { boardId, userId, role: 'member' });
    await fixture.keeper.ask('board:member:set', { boardId, userId: 'vic', role: 'viewer' });
  });

  it('shows columns and tasks in order', async () => {
    const second = await create('second');
    const first = await create('first', { before: second.id });
    const done = await create('done', { columnId: columns[2].id });
    await fixture.keeper.ask('task:dependency:add', { taskId: second.id, dependsOn: first.id });
    const { client, shown } = await openAs();
    const { state, board, tasksByColumn, members, dependencies } = shown();
    assert.deepEqual([state, board.name, shown().columns.map(({ id }) => id)], ['live', 'Board', columns.map(({ id }) => id)]);
    assert.deepEqual(
      [...tasksByColumn.values()].map((tasks) => tasks.map(({ title }) => title)),
      [['first', 'second'], [], ['done']],
    );
    assert.deepEqual(
      members.map(({ user_id, role }) => [user_id, role]),
      [
        ['ann', 'member'],
        ['bob', 'member'],
        ['keeper', 'owner'],
        ['vic', 'viewer'],
      ],
    );
    assert.equal(dependencies.length, 1);
    const before = shown();
    await change(done.id, { title: 'quite done' });
    await until('the change', () => shown() !== before);
    assert.equal(before.tasks.get(done.id).title, 'done', 'a snapshot never changes');
    assert.equal(shown().tasksByColumn.get(columns[0].id), before.tasksByColumn.get(columns[0].id), 'an unchanged list stays the same object');
    await client.close();
  });

  it('shows changes by the user before they are confirmed', async () => {
    const { client, board, shown, task } = await openAs();
    const [one, two] = [await create('one'), await create('two')];
    await until('both', () => shown().tasks.size === 2);
    fixture.proxy.holdReplies();
    const steps = [
      board.createTask({ id: `new-${boardId}`, title: 'new', after: one.id }),
      board.updateTask(one.id, { title: 'uno', description: null }),
      board.moveTask(two.id, { toColumn: columns[1].id }),
      board.assign(two.id, 'bob'),
      board.complete(one.id),
      board.send('task:dependency:add', { taskId: two.id, dependsOn: one.id }),
      board.send('column:reorder', { boardId, columnIds: columns.map(({ id }) => id).reverse() }),
      board.send('board:update', { boardId, updates: { name: 'Renamed' } }),
    ];
    const expected = shown();
    assert.equal(expected.unconfirmed, steps.length);
    assert.deepEqual([task(one.id).title, task(one.id).status, task(one.id).column_id], ['uno', 'done', columns[2].id]);
    assert.deepEqual([task(two.id).assignee, task(two.id).status, expected.dependencies.length], ['bob', 'in_progress', 1]);
    assert.deepEqual(
      expected.columns.map(({ id }) => id),
      columns.map(({ id }) => id).reverse(),
    );
    fixture.proxy.resume();
    await Promise.all(steps);
    assert.equal(shown().unconfirmed, 0);
    const plain = ({ id, column_id, title, status, assignee }) => ({ id, column_id, title, status, assignee });
    const order = ({ tasksByColumn }) => [...tasksByColumn].map(([id, tasks]) => [id, tasks.map(plain)]);
    assert.deepEqual(order(shown()), order(expected), 'the confirmed state is the one shown before');
    await client.close();
  });

  it('takes back refused changes and reports the reason', async () => {
    const narrow = (await fixture.keeper.ask('column:create', { boardId, name: 'Narrow', wip_limit: 1 })).column;
    await create('there', { columnId: narrow.id });
    const mine = await create('mine');
    const { client, board, task } = await openAs();
    const refusals = [];
    board.onRefusal(({ command, error }) => refusals.push([command, error.code]));
    // This promise is deliberately not awaited.
    board.moveTask(mine.id, { toColumn: narrow.id });
    assert.equal(task(mine.id).column_id, narrow.id);
    await until('the refusal', () => refusals.length === 1);
    assert.equal(task(mine.id).column_id, mine.column_id);

    const vic = await openAs('vic');
    const seen = [];
    vic.board.subscribe(() => seen.push(vic.shown().tasks.size));
    const refused = vic.board.createTask({ title: 'not allowed' });
    assert.equal(vic.shown().tasks.size, 3);
    await assert.rejects(refused, { code: 'FORBIDDEN' });
    assert.deepEqual([vic.shown().tasks.size, vic.shown().unconfirmed], [2, 0]);
    await until('the listener to be called', () => seen.at(-1) === 2);
    assert.deepEqual(refusals, [['task:move', 'WIP_LIMIT']]);
    await Promise.all([client.close(), vic.client.close()]);
  });

  it('keeps unconfirmed changes on top of changes by others', async () => {
    const [one, two] = [await create('one'), await create('two')];
    const { client, board, shown, task } = await openAs();
    fixture.proxy.refuse();
    await until('the end of the connection', () => shown().state === 'stale');
    const renamed = board.updateTask(one.id, { title: 'mine' });
    const moved = board.moveTask(two.id, { toColumn: columns[1].id });
    await change(one.id, { priority: 7 });
    await fixture.keeper.ask('task:delete', { taskId: two.id });
    assert.deepEqual([task(one.id).title, task(one.id).priority, task(two.id).column_id], ['mine', 0, columns[1].id]);
    fixture.proxy.accept();
    const merged = await renamed;
    assert.deepEqual([merged.title, merged.priority], ['mine', 7]);
    await assert.rejects(moved, { code: 'NOT_FOUND' });
    assert.equal(task(two.id), undefined);
    assert.equal(shown().unconfirmed, 0);
    await client.close();
  });

  it('rejects an update of a field that somebody else changed, with the current task', async () => {
    const one = await create('one');
    const { client, board, task } = await openAs();
    fixture.proxy.refuse();
    const mine = board.updateTask(one.id, { title: 'mine' });
    const next = board.updateTask(one.id, { tags: ['mine'] });
    await change(one.id, { title: 'theirs' });
    fixture.proxy.accept();
    const error = await mine.catch((error) => error);
    assert.equal(fixture.installed.client.conflictOf(error)?.current.title, 'theirs');
    await next;
    assert.deepEqual([task(one.id).title, task(one.id).tags], ['theirs', ['mine']]);
    // The user's own earlier change is no conflict, and `force` overwrites.
    await Promise.all([board.updateTask(one.id, { title: 'again' }), board.updateTask(one.id, { title: 'and again' })]);
    fixture.proxy.refuse();
    const forced = board.updateTask(one.id, { title: 'forced' }, { force: true });
    await change(one.id, { title: 'theirs again' });
    fixture.proxy.accept();
    assert.equal((await forced).title, 'forced');
    await client.close();
  });

  it('sends only the last typed value, after a pause', async () => {
    const one = await create('one');
    const { client, board, shown, task } = await openAs('ann', { edits: { debounceMs: 100, maxWaitMs: 350 } });
    await fixture.keeper.ask('subscribe', { type: 'task:updated', filters: { taskId: one.id } });
    for (const text of ['H', 'He', 'Hel']) board.edit(one.id, 'description', text);
    assert.deepEqual([task(one.id).description, shown().unconfirmed], ['Hel', 1]);
    const { payload } = await fixture.keeper.event('task:updated');
    assert.deepEqual(payload.data.changes, { description: 'Hel' });
    // The typing does not pause: the text is sent all the same after `maxWaitMs`.
    const began = Date.now();
    let letters = 0;
    while (Date.now() - began < 600) {
      board.edit(one.id, 'description', 'x'.repeat((letters += 1)));
      await sleep(20);
    }
    const middle = (await fixture.keeper.event('task:updated')).payload.data.changes.description;
    assert.ok(middle.length < letters, 'sent while the user was still typing');
    board.edit(one.id, 'title', 'Title');
    await board.flush(one.id);
    assert.deepEqual([task(one.id).title, task(one.id).description, shown().unconfirmed], ['Title', 'x'.repeat(letters), 0]);
    const { task: stored } = await fixture.keeper.ask('task:get', { taskId: one.id });
    assert.deepEqual([stored.title, stored.description], ['Title', 'x'.repeat(letters)]);
    await client.close();
  });

  it('keeps what is typed without a connection', async () => {
    const one = await create('one');
    const { client, board, task } = await openAs('ann', { edits: { debounceMs: 20 } });
    fixture.proxy.refuse();
    board.edit(one.id, 'description', 'early');
    await sleep(60);
    board.edit(one.id, 'description', 'late');
    board.edit(one.id, 'title', 'typed');
    await sleep(60);
    fixture.proxy.accept();
    const typed = (found) => found.description === 'late' && found.title === 'typed';
    await until('the typed text', async () => typed((await fixture.keeper.ask('task:get', { taskId: one.id })).task));
    await until('the reply', () => board.getSnapshot().unconfirmed === 0);
    const { task: stored } = await fixture.keeper.ask('task:get', { taskId: one.id });
    assert.deepEqual([stored.title, task(one.id)], ['typed', stored]);

    // The reply is lost, and more is typed before it is sent again.
    fixture.proxy.holdReplies();
    board.edit(one.id, 'description', 'sent');
    await until('the first value', async () => (await fixture.keeper.ask('task:get', { taskId: one.id })).task.description === 'sent');
    board.edit(one.id, 'description', 'sent, and more');
    fixture.proxy.cut();
    await until('the second', async () => (await fixture.keeper.ask('task:get', { taskId: one.id })).task.description === 'sent, and more');

    board.edit(one.id, 'description', 'the end');
    await board.close();
    assert.equal((await fixture.keeper.ask('task:get', { taskId: one.id })).task.description, 'the end');
    await client.close();
  });

  it('reports a conflict when somebody else changed the same text', async () => {
    const one = await create('one');
    const resolved = [];
    const resolve = ({ field, base, mine, theirs }) => {
      resolved.push([field, base]);
      return `${theirs} ${mine}`;
    };
    const { client, board, task } = await openAs('ann', { edits: { debounceMs: 20, resolve } });
    fixture.proxy.refuse();
    board.edit(one.id, 'description', 'mine');
    board.edit(one.id, 'priority', 3);
    await change(one.id, { description: 'theirs' });
    fixture.proxy.accept();
    await until('both', () => task(one.id).description === 'theirs mine' && board.getSnapshot().unconfirmed === 0);
    assert.deepEqual(resolved.at(-1), ['description', '']);
    assert.equal(task(one.id).priority, 3);
    await client.close();
  });

  it('shows viewers, their open tasks and typing users', async () => {
    const one = await create('one');
    const ann = await openAs('ann');
    const bob = await openAs('bob');
    const viewers = ({ shown }) => shown().viewers.map(({ userId, status, taskId }) => [userId, status, taskId]);
    await until('both', () => viewers(ann).length === 2 && viewers(bob).length === 2);
    bob.board.setPresence(one.id, 'away');
    await until('the open task', () => viewers(ann).some(([user, status, taskId]) => user === 'bob' && status === 'away' && taskId === one.id));
    bob.board.typing(one.id);
    bob.board.typing(one.id);
    await until('typing', () => ann.shown().typing.length === 1);
    assert.deepEqual(ann.shown().typing, [{ userId: 'bob', taskId: one.id }]);
    bob.board.stopTyping();
    await until('the end of typing', () => ann.shown().typing.length === 0);
    bob.board.typing(one.id);
    await until('typing again', () => ann.shown().typing.length === 1);
    await until('its end without a stop', () => ann.shown().typing.length === 0);
    fixture.proxy.cut();
    await until('both, after another connection', () => ann.shown().state === 'live' && bob.shown().state === 'live' && viewers(ann).length === 2);
    await until('the presence set before', () => viewers(ann).some(([user, status, taskId]) => user === 'bob' && status === 'away' && taskId === one.id));
    await bob.client.close();
    await until('the viewer to leave', () => viewers(ann).length === 1);
    await ann.client.close();
  });

  it('can be one of several boards on a connection', async () => {
    const first = await openAs('ann');
    const firstId = boardId;
    boardId = `${boardId}-b`;
    await fixture.keeper.ask('board:create', { id: boardId, name: 'Second' });
    await fixture.keeper.ask('board:member:set', { boardId, userId: 'ann', role: 'member' });
    const second = first.client.openBoard(boardId);
    assert.equal(first.client.openBoard(boardId), second, 'the same store');
    await second.ready();
    assert.deepEqual(second.getSnapshot().viewers, [], 'the second board is subscribed to, not viewed');
    for (const id of [firstId, boardId]) await fixture.keeper.ask('task:create', { boardId: id, title: id });
    await until('both', () => first.shown().tasks.size === 1 && second.getSnapshot().tasks.size === 1);
    fixture.proxy.cut();
    for (const id of [firstId, boardId]) await fixture.keeper.ask('task:create', { boardId: id, title: id });
    await until('both again', () => first.shown().tasks.size === 2 && second.getSnapshot().tasks.size === 2);
    await first.board.close();
    assert.equal(first.client.board(firstId), undefined);
    const again = first.client.openBoard(firstId);
    await again.ready();
    await fixture.keeper.ask('task:create', { boardId: firstId, title: 'third' });
    await until('the third', () => again.getSnapshot().tasks.size === 3);
    await second.close();
    assert.equal(first.client.board(boardId), second, 'it was opened twice');
    await second.close();
    assert.equal(first.client.board(boardId), undefined);
    await first.client.close();
  });

  it('detects a change whose event did not arrive', async () => {
    const one = await create('one');
    const { client, board, shown } = await openAs();
    let loaded = 0;
    board.onReset(() => (loaded += 1));
    const { comment } = await client.send('task:comment:add', { taskId: one.id, body: 'Hm.' });
    assert.equal(loaded, 0);
    // This reply names no board, so it can't be attributed to one.
    const { seq } = await client.send('task:comment:delete', { commentId: comment.id });
    assert.equal(shown().seq, seq - 1);
    await change(one.id, { title: 'two' });
    await until('the change', () => shown().seq === seq + 1 && shown().tasks.get(one.id).title === 'two');
    assert.equal(loaded, 1);
    const changes = [];
    board.onChange(({ type, own }) => changes.push([type, own]));
    let author;
    board.onChange(({ own, userId }) => (author = own ? author : userId));
    const { comment: other } = await board.send('task:comment:add', { taskId: one.id, body: 'Hm.' });
    await board.send('task:comment:delete', { commentId: other.id });
    await change(one.id, { title: 'three' });
    await until('all of it', () => changes.length === 3);
    assert.deepEqual(changes, [
      ['task:comment:add', true],
      ['task:comment:delete', true],
      ['task:updated', false],
    ]);
    assert.equal(author, 'keeper');
    assert.equal(loaded, 1);
    await client.close();
  });

  it('applies unknown events by the fields of their data', async () => {
    const { applyChange, emptyContent } = await import(pathToFileURL(join(PACKAGE, 'dist/board/content.js')).href);
    const content = emptyContent();
    const task = { id: 't', column_id: 'c', position: 'a0', title: 'T', version: 3 };
    applyChange(content, 'task:claimed', { task: { ...task, lease: { holder: 'ann' } }, boardId: 'b' });
    assert.deepEqual(content.tasks.get('t').lease, { holder: 'ann' });
    applyChange(content, 'task:renewed', { task: { ...task, version: 2, title: 'older' } });
    assert.equal(content.tasks.get('t').title, 'T', 'an older version is not applied');
    applyChange(content, 'task:comment:deleted', { commentId: 'x', taskId: 't' });
    applyChange(content, 'task:attachment:removed', { attachmentId: 'x', taskId: 't' });
    applyChange(content, 'task:looked:at', { taskId: 't' });
    assert.equal(content.tasks.size, 1);
    const dependency = { task_id: 't', depends_on: 'u', type: 'blocks' };
    applyChange(content, 'task:dependency:added', { dependency });
    applyChange(content, 'task:deleted', { taskId: 't' });
    assert.deepEqual([content.tasks.size, content.dependencies.size], [0, 0]);
  });

  it('makes a position between any two, as the server does', async (t) => {
    t.diagnostic(`BOARDWIRE_TEST_SEED=${SEED}`);
    const { between, initialKeys } = await import(pathToFileURL(join(PACKAGE, 'dist/board/position.js')).href);
    const random = seededRandom(SEED);
    const keys = [];
    for (let count = 0; count < 3000; count += 1) {
      const at = random.pick([0, keys.length, random.below(keys.length + 1)]);
      const key = between(keys[at - 1], keys[at]);
      assert.ok((at === 0 || keys[at - 1] < key) && (at === keys.length || key < keys[at]), `${keys[at - 1]} < ${key} < ${keys[at]}`);
      keys.splice(at, 0, key);
    }
    assert.deepEqual(initialKeys(3), ['a0', 'a1', 'a2']);
    let [last, first] = ['a0', 'a0'];
    for (let count = 0; count < 5000; count += 1) [last, first] = [between(last, undefined), between(undefined, first)];
    assert.ok(last.length <= 4 && first.length <= 4, `${last} ${first}`);
  });
});
