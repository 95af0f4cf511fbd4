// The module in the guide, all of its pieces, as it is printed, on servers with default settings: the copy of a board is
// always right, whatever happens to the board and the connection, and so are the open card, presence and the inbox.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { dice, until } from './chance.mjs';
import { patient } from './patience.mjs';
import { startPlainServer } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
/** So many that none of them needs more commands in a minute than a user has. */
/** The life of a token that a test outlives: long enough to be issued and used on a busy machine. */
const SHORT = `${Math.ceil(patient(6_000) / 1000)}s`;
const CROWD = Array.from({ length: 16 }, (_, number) => `user-${number}`);
const CHANGES = 600;
/** The card that is open in every copy; nobody deletes it. */
const CARD = 'card';
/** What somebody gets who acts on what another has changed meanwhile. */
const OVERTAKEN = ['CONFLICT', 'NOT_FOUND', 'INVALID_MESSAGE', 'DEPENDENCY_CYCLE'];

/** A copy or a snapshot, in an order of its own. */
function picture({ seq, board, tasks, columns, members, dependencies }) {
  return {
    seq,
    board,
    tasks: sorted(tasks, 'id'),
    columns: sorted(columns, 'id'),
    members: sorted(members, 'user_id'),
    dependencies: sorted(dependencies, 'task_id', 'depends_on', 'type'),
  };
}

function sorted(all, ...fields) {
  const key = (one) => fields.map((field) => one[field]).join(' ');
  return [...all.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** A random command, made from what the copy shows at this moment; what it shows may be out of date. */
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
    'drop',
    'board',
    'member',
    'member',
    'link',
    'unlink',
    'comment',
    'comment',
    'mend',
    'retract',
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
      const place = column && chance(0.5) ? { after: column.id } : {};
      return columns.size < 8 && ['column:create', { boardId, name: `Column ${serial}`, ...place }];
    }
    case 'rename':
      return column && ['column:update', { columnId: column.id, updates: { name: `Name ${below(3)}` } }];
    case 'reorder':
      return ['column:reorder', { boardId, columnIds: shuffled([...columns.keys()]) }];
    case 'drop': {
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
    case 'mend':
      return comment && ['task:comment:update', { commentId: comment.id, body: `Mended ${below(3)}` }];
    case 'retract':
      return comment && ['task:comment:delete', { commentId: comment.id }];
    case 'board':
      return ['board:update', { boardId, updates: { name: `Board ${below(3)}` } }];
    case 'member':
      return chance(0.6)
        ? ['board:member:set', { boardId, userId: 'eve', role: pick(['viewer', 'member']) }]
        : ['board:member:remove', { boardId, userId: 'eve' }];
  }
}

describe('the module in the guide', () => {
  let server;
  let keeper;
  let folder;
  let guide;
  let sockets = [];

  /** Makes a user beside the server, as its operator does. */
  const enter = (id) => server.run(['user', 'create', '--id', id, '--name', id[0].toUpperCase() + id.slice(1)]);
  /** A token of this user's. */
  const token = (user, ...more) => JSON.parse(server.run(['token', 'issue', '--user', user, '--json', ...more])).token;

  /** A connection, which ends with the test. */
  const ending = (socket) => {
    sockets.push(socket);
    return socket;
  };
  const connect = (user) => {
    const own = token(user);
    return ending(guide.connect(server.url, async () => own));
  };

  /** A copy whose snapshots are counted, and the pages that they come in. */
  const watch = (user, boardId) => {
    const socket = connect(user);
    const copy = new guide.LiveBoard(
      socket,
      boardId,
      () => {},
      (error) => (copy.failure = error),
    );
    Object.assign(copy, { user, snapshots: 0, pages: 0 });
    socket.onAnyOutgoing((name, { after }) => {
      if (name !== 'board:get') return;
      copy.pages += 1;
      copy.snapshots += after === undefined;
    });
    return copy;
  };

  /** Waits until the copies have come as far as the board, and compares. */
  const compare = async (copies, boardId, message) => {
    const { seq } = await guide.ask(keeper, 'board:get', { boardId });
    const behind = () => JSON.stringify(copies.map(({ user, seq, failure }) => [user, seq, failure?.message]));
    await until(`event ${seq}`, () => copies.every((copy) => copy.seq >= seq)).catch((error) => {
      throw new Error(`${message}: ${error.message}: ${behind()}`);
    });
    const wanted = picture(await guide.ask(keeper, 'board:get', { boardId }));
    for (const copy of copies) {
      assert.equal(copy.failure, undefined, `${message}: ${copy.user}: ${copy.failure}`);
      assert.deepEqual(picture(copy), wanted, `${message}: the copy of ${copy.user}`);
    }
    return seq;
  };

  before(async () => {
    const text = readFileSync(resolve(here, '../../docs/guides/REALTIME.md'), 'utf8');
    const pieces = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, piece]) => piece);
    // Beside node_modules, so that it finds the client as it would after `npm install socket.io-client`.
    folder = mkdtempSync(join(here, 'guide-'));
    writeFileSync(join(folder, 'guide.mjs'), pieces.join('\n'));
    guide = await import(pathToFileURL(join(folder, 'guide.mjs')).href);
  });

  after(() => folder && rmSync(folder, { recursive: true }));

  // One for each test, so that none has used up what another may do in a minute.
  beforeEach(async () => {
    server = await startPlainServer();
    sockets = [];
    enter('keeper');
    keeper = connect('keeper');
  });

  afterEach(async () => {
    for (const socket of sockets) socket.disconnect();
    await server?.stop();
  });

  /** A board of which all of these are owners, who are new. */
  const found = async (boardId, users = ['ann', 'ben']) => {
    await guide.ask(keeper, 'board:create', { name: 'Board', id: boardId });
    for (const userId of users) {
      enter(userId);
      await guide.ask(keeper, 'board:member:set', { boardId, userId, role: 'owner' });
    }
  };

  it('is right after any changes of many users with bad connections', { timeout: patient(120_000) }, async (t) => {
    const seed = Number(process.env.BOARDWIRE_TEST_SEED ?? Date.now() % 2 ** 31);
    const message = `BOARDWIRE_TEST_SEED=${seed}`;
    await found('random', CROWD);
    enter('eve');
    await guide.ask(keeper, 'task:create', { boardId: 'random', id: CARD, title: 'The open card' });
    const copies = CROWD.map((user) => watch(user, 'random'));
    for (const copy of copies) copy.card = new guide.OpenTask(copy, CARD);
    await until('the first snapshots', () => copies.every(({ seq, card }) => seq !== undefined && card.comments));
    let done = 0;
    let cuts = 0;
    await Promise.all(
      copies.map(async (copy, number) => {
        const random = dice(seed + number);
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
            const going = change().finally(() => waiting.delete(going));
            waiting.add(going);
          }
          // Sometimes one after the other, sometimes many at once.
          while (waiting.size > (random.chance(0.3) ? 8 : 0)) await Promise.race(waiting);
          if (random.chance(0.2)) await sleep(random.below(20));
        }
        await Promise.all(waiting);
      }),
    );
    const seq = await compare(copies, 'random', message);
    const { comments } = await guide.ask(keeper, 'task:get', { taskId: CARD });
    for (const { user, card } of copies) {
      assert.deepEqual(sorted(card.comments, 'id'), sorted(comments, 'id'), `${message}: the open card of ${user}`);
    }
    // Resumes alone must do: a hole, healed by another snapshot, would be a fault of the server or of the class.
    assert.deepEqual(
      copies.map(({ snapshots }) => snapshots),
      copies.map(() => 1),
      `${message}: one snapshot each`,
    );
    t.diagnostic(`${message}: ${done} changes, ${seq} events, ${cuts} cuts`);
  });

  it('is right after moves that make room', { timeout: patient(60_000) }, async () => {
    const users = CROWD.slice(0, 8);
    await found('narrow', users);
    const copies = users.map((user) => watch(user, 'narrow'));
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
    const seq = await compare(copies, 'narrow', 'narrow');
    assert.ok(seq > start + moves, 'some moves made room, each with events beside its own');
    assert.deepEqual(
      copies.map(({ snapshots }) => snapshots),
      copies.map(() => 1),
      'nothing was missed',
    );
  });

  it('is right when a board comes in pages, and changes meanwhile', { timeout: patient(120_000) }, async () => {
    await found('large', CROWD);
    const writers = CROWD.map(connect);
    await Promise.all(
      writers.map(async (writer) => {
        for (let serial = 0; serial < 64; serial += 1) await guide.ask(writer, 'task:create', { boardId: 'large', title: `Task ${serial}` });
      }),
    );
    const { tasks } = await guide.ask(keeper, 'board:get', { boardId: 'large' });
    const last = tasks
      .map(({ id }) => id)
      .sort()
      .slice(-2);
    await guide.ask(keeper, 'task:dependency:add', { taskId: last[0], dependsOn: last[1], type: 'blocks' });

    const copy = watch('keeper', 'large');
    const changes = [];
    copy.socket.onAnyOutgoing((name) => {
      if (name !== 'board:get') return;
      const updates = { title: `Changed at page ${copy.pages}` };
      changes.push(...writers.map((writer, number) => guide.ask(writer, 'task:update', { taskId: tasks[number * 60].id, updates })));
    });
    await until('the snapshot', () => copy.seq !== undefined);
    await Promise.all(changes);
    await compare([copy], 'large', 'large');
    assert.deepEqual([copy.pages, copy.snapshots], [2, 1]);
  });

  it('is right after an own change whose answer was lost', { timeout: patient(60_000) }, async () => {
    await found('lost');
    const [writer, other] = ['ann', 'ben'].map((user) => watch(user, 'lost'));
    await until('the first snapshots', () => writer.seq !== undefined && other.seq !== undefined);
    // Behind the class's back, on its connection: it gets neither the event nor, knowingly, the reply.
    await writer.socket.emitWithAck('task:create', { boardId: 'lost', title: 'unseen' });
    await other.change('task:create', { boardId: 'lost', title: 'seen' });
    await compare([writer, other], 'lost', 'lost');
    assert.equal(writer.snapshots, 2, 'the hole is found and a snapshot taken');
  });

  it('is right after the database was replaced by an older one', { timeout: patient(60_000) }, async () => {
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

  it('renews its token before it expires', { timeout: patient(60_000) }, async () => {
    enter('ann');
    const renewed = token('ann', '--ttl', '1h');
    let fetched = 0;
    const socket = ending(guide.connect(server.url, async () => ((fetched += 1), fetched > 1 ? renewed : token('ann', '--ttl', SHORT))));
    let ends = 0;
    socket.on('disconnect', () => (ends += 1));
    const status = new Promise((give) => socket.once('connection:status', ({ data }) => give(data)));
    assert.equal((await status).limits.burst, 10);
    const connected = Date.now();
    await until('the first token to be over', () => Date.now() > connected + parseInt(SHORT, 10) * 1000 + 500);
    await guide.ask(socket, 'board:list');
    assert.deepEqual([fetched, ends], [2, 0], 'one more token, and the same connection');
  });

  it('says when no token is accepted', { timeout: patient(60_000) }, async () => {
    const refused = new Promise((give) => ending(guide.connect(server.url, async () => 'a.e30.c', give)));
    assert.equal((await refused).message, 'Authentication failed');
  });

  it('comes back by itself when its token expires', { timeout: patient(60_000) }, async () => {
    enter('ann');
    const reasons = [];
    const later = token('ann', '--ttl', '1h');
    const socket = ending(
      guide.connect(server.url, async () => {
        // What is fetched for renewing is no good here; what is fetched for connecting is.
        if (socket?.connected) throw new Error('no token to be had');
        return reasons.length > 0 ? later : token('ann', '--ttl', SHORT);
      }),
    );
    socket.on('disconnect', (reason) => reasons.push(reason));
    await until('the second connection', () => reasons.length === 1 && socket.connected);
    assert.deepEqual(reasons, ['io server disconnect']);
  });

  it('signs in with a password, and out', { timeout: patient(60_000) }, async () => {
    server.run(['user', 'create', '--id', 'pam', '--name', 'Pam', '--password-stdin'], 'correct horse battery');
    await assert.rejects(guide.signIn(server.url, 'pam', 'wrong horse battery'), { code: 'AUTH_FAILED' });
    const socket = ending(await guide.signIn(server.url, 'pam', 'correct horse battery'));
    assert.deepEqual((await guide.ask(socket, 'board:list')).boards, []);

    const ended = new Promise((give) => socket.once('disconnect', give));
    const code = new Promise((give) => socket.once('error', (error) => give(error.code)));
    const authorization = { cookie: `boardwire_session=${socket.auth.sessionId}`, origin: server.url };
    const out = await fetch(`${server.url}/api/v1/sessions/current`, { method: 'DELETE', headers: authorization });
    assert.equal(out.status, 204);
    assert.deepEqual([await code, await ended], ['UNAUTHENTICATED', 'io server disconnect']);
  });

  it('attaches files to an open card', { timeout: patient(60_000) }, async () => {
    await found('files', ['pam']);
    const live = watch('pam', 'files');
    const { task } = await live.change('task:create', { boardId: 'files', title: 'With a file' });
    const card = new guide.OpenTask(live, task.id);
    await until('the card', () => card.attachments);

    const { key } = JSON.parse(server.run(['api-key', 'create', '--user', 'pam', '--name', 'files', '--json']));
    const headers = { 'x-api-key': key };
    const file = new File(['hello'], 'hello.txt', { type: 'text/plain' });
    const attachment = await guide.attach(server.url, headers, task.id, file, 'upload-1');
    assert.equal((await guide.attach(server.url, headers, task.id, file, 'upload-1')).id, attachment.id, 'one effect');
    assert.equal(await (await guide.download(server.url, headers, attachment)).text(), 'hello');
    await until('the attachment', () => card.attachments.size === 1);
    await live.change('task:attachment:remove', { attachmentId: attachment.id });
    await until('its end', () => card.attachments.size === 0);
    await assert.rejects(guide.download(server.url, headers, attachment), { code: 'NOT_FOUND' });
    await assert.rejects(guide.download(server.url, {}, attachment), { code: 'UNAUTHENTICATED' });
  });

  it('saves what is typed, once it rests, and asks where another was faster', { timeout: patient(60_000) }, async () => {
    await found('typed');
    const [ann, ben] = ['ann', 'ben'].map((user) => watch(user, 'typed'));
    await until('the first snapshots', () => ann.seq !== undefined && ben.seq !== undefined);
    const { task } = await ann.change('task:create', { boardId: 'typed', title: 'T' });
    await until('the task', () => ben.tasks.has(task.id));
    let sent = 0;
    ann.socket.onAnyOutgoing((name) => (sent += name === 'task:update'));
    const edits = new guide.Edits(ann);
    for (const title of ['H', 'He', 'Hel', 'Hello']) edits.set(task.id, 'title', title);
    edits.set(task.id, 'description', 'More');
    await until('it rests', () => ben.tasks.get(task.id).title === 'Hello');
    assert.deepEqual([sent, ben.tasks.get(task.id).description], [1, 'More']);

    // One's own changes are no conflict, however soon they follow.
    edits.set(task.id, 'title', 'Hello,');
    const first = edits.flush(task.id);
    edits.set(task.id, 'title', 'Hello, world');
    await Promise.all([first, edits.flush(task.id)]);
    assert.equal(sent, 3);

    // Another's are.
    const seen = ann.tasks.get(task.id);
    await ben.change('task:update', { taskId: task.id, updates: { title: 'Bye', priority: 3 } });
    let asked;
    const saved = await guide.save(ann, seen, { title: 'Hi', description: 'Less' }, (mine, current, fields) => {
      asked = [current.title, fields];
      return { ...mine, title: `${current.title} and ${mine.title}` };
    });
    assert.deepEqual(asked, ['Bye', ['title']]);
    assert.deepEqual([saved.title, saved.description, saved.priority], ['Bye and Hi', 'Less', 3]);
    await compare([ann, ben], 'typed', 'typed');
  });

  it('knows who is there, who types and what is new', { timeout: patient(60_000) }, async () => {
    await found('presence', ['fay', 'gus']);
    const { task } = await guide.ask(keeper, 'task:create', { boardId: 'presence', title: 'T' });
    const shown = {};
    const show = {
      board: () => {},
      presence: ({ users }) => (shown.users = users),
      inbox: ({ items, unread }) => (shown.inbox = { texts: [...items.values()].map(({ text }) => text), unread }),
      typists: (places) => (shown.typists = places),
      notice: () => {},
    };
    const failed = (error) => (shown.failure = error);
    const fay = guide.openBoard(server.url, async () => token('fay'), 'presence', { show, refused: failed, failed });
    ending(fay.socket);
    await until('oneself', () => shown.users?.get('fay') && shown.inbox);
    const gus = watch('gus', 'presence');
    const presence = new guide.Presence(gus);
    await until('the other', () => shown.users.has('gus') && presence.users.has('fay'));

    await presence.look(task.id);
    await until('the open card', () => shown.users.get('gus').taskId === task.id);
    await presence.look(undefined, 'away');
    await until('that it is closed', () => shown.users.get('gus').taskId === undefined);
    assert.deepEqual(shown.users.get('gus'), { name: 'Gus', status: 'away', taskId: undefined });

    const typing = guide.typist(gus.socket, { taskId: task.id });
    typing.input();
    typing.input();
    await until('typing', () => shown.typists?.length === 1);
    assert.equal(shown.typists[0].userId, 'gus');
    typing.stop();
    await until('its end', () => shown.typists.length === 0);

    const other = watch('fay', 'presence');
    const otherInbox = new guide.Inbox(other.socket);
    await gus.change('task:assign', { taskId: task.id, assignee: 'fay' });
    for (const body of ['@fay one', '@fay two', '@fay three']) await gus.change('task:comment:add', { taskId: task.id, body });
    await until('all news', () => shown.inbox.unread === 4 && otherInbox.unread === 4);
    assert.equal(shown.inbox.texts.length, 4);
    const [newest] = [...otherInbox.items.keys()].slice(-1);
    await otherInbox.read([newest]);
    await until('one read', () => shown.inbox.unread === 3 && otherInbox.unread === 3);
    await fay.inbox.read();
    await until('all read', () => shown.inbox.unread === 0 && otherInbox.unread === 0);
    fay.socket.io.engine.close();
    await until('the list again', () => fay.socket.connected && fay.inbox.items.size === 4 && fay.inbox.unread === 0);
    assert.ok([...fay.inbox.items.values()].every(({ read_at }) => read_at));

    gus.socket.disconnect();
    await until('the leaving, after the grace', () => !shown.users.has('gus'));
    assert.equal(shown.failure, undefined);
  });

  it('waits where it is too fast for the limits', { timeout: patient(60_000) }, async () => {
    await found('plain', ['ann']);
    const ann = watch('ann', 'plain');
    await until('the snapshot', () => ann.seq !== undefined);
    let refusals = 0;
    ann.socket.on('error', ({ code }) => (refusals += code === 'RATE_LIMIT'));
    // More than are let through in a second.
    const titles = Array.from({ length: 15 }, (_, number) => `Task ${number}`);
    await Promise.all(titles.map((title) => ann.change('task:create', { boardId: 'plain', title })));
    assert.ok(refusals > 0, 'they were too fast');
    await compare([ann], 'plain', 'plain');
    assert.equal(ann.tasks.size, titles.length);
  });
});
