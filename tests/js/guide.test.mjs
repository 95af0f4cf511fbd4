// The module in the guide, apart from its copies of boards: tokens and sessions, files, typed text, presence, the inbox and limits.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { until } from './random.mjs';
import { startFixture } from './guide-fixture.mjs';
import { patient } from './patience.mjs';

/** The lifetime of a token that expires during a test: long enough to use it on a busy machine. */
const SHORT = `${Math.ceil(patient(6_000) / 1000)}s`;

describe('the module in the guide', () => {
  const fixture = startFixture();
  const { expectEqualCopies, closeLater, createUser, createBoard, token, openCopy } = fixture;

  it('renews its token before it expires', { timeout: patient(60_000) }, async () => {
    createUser('ann');
    const renewed = token('ann', '--ttl', '1h');
    let fetched = 0;
    const socket = closeLater(fixture.guide.connect(fixture.server.url, async () => ((fetched += 1), fetched > 1 ? renewed : token('ann', '--ttl', SHORT))));
    let ends = 0;
    socket.on('disconnect', () => (ends += 1));
    const status = new Promise((resolve) => socket.once('connection:status', ({ data }) => resolve(data)));
    assert.equal((await status).limits.burst, 10);
    const connected = Date.now();
    await until('the first token to expire', () => Date.now() > connected + parseInt(SHORT, 10) * 1000 + 500);
    await fixture.guide.ask(socket, 'board:list');
    assert.deepEqual([fetched, ends], [2, 0], 'one more token, and the same connection');
  });

  it('reports that no token is accepted', { timeout: patient(60_000) }, async () => {
    const refused = new Promise((resolve) => closeLater(fixture.guide.connect(fixture.server.url, async () => 'a.e30.c', resolve)));
    assert.equal((await refused).message, 'Authentication failed');
  });

  it('reconnects when its token expires', { timeout: patient(60_000) }, async () => {
    createUser('ann');
    const reasons = [];
    const later = token('ann', '--ttl', '1h');
    const socket = closeLater(
      fixture.guide.connect(fixture.server.url, async () => {
        // Fetching a token fails while connected, for renewal, and succeeds for a new connection.
        if (socket?.connected) throw new Error('no token available');
        return reasons.length > 0 ? later : token('ann', '--ttl', SHORT);
      }),
    );
    socket.on('disconnect', (reason) => reasons.push(reason));
    await until('the second connection', () => reasons.length === 1 && socket.connected);
    assert.deepEqual(reasons, ['io server disconnect']);
  });

  it('signs in with a password and signs out', { timeout: patient(60_000) }, async () => {
    fixture.server.run(['user', 'create', '--id', 'pam', '--name', 'Pam', '--password-stdin'], 'correct horse battery');
    await assert.rejects(fixture.guide.signIn(fixture.server.url, 'pam', 'wrong horse battery'), { code: 'AUTH_FAILED' });
    const socket = closeLater(await fixture.guide.signIn(fixture.server.url, 'pam', 'correct horse battery'));
    assert.deepEqual((await fixture.guide.ask(socket, 'board:list')).boards, []);

    const ended = new Promise((resolve) => socket.once('disconnect', resolve));
    const code = new Promise((resolve) => socket.once('error', (error) => resolve(error.code)));
    const authorization = { cookie: `boardwire_session=${socket.auth.sessionId}`, origin: fixture.server.url };
    const out = await fetch(`${fixture.server.url}/api/v1/sessions/current`, { method: 'DELETE', headers: authorization });
    assert.equal(out.status, 204);
    assert.deepEqual([await code, await ended], ['UNAUTHENTICATED', 'io server disconnect']);
  });

  it('attaches files to an open card', { timeout: patient(60_000) }, async () => {
    await createBoard('files', ['pam']);
    const live = openCopy('pam', 'files');
    const { task } = await live.change('task:create', { boardId: 'files', title: 'With a file' });
    const card = new fixture.guide.OpenTask(live, task.id);
    await until('the card', () => card.attachments);

    const { key } = JSON.parse(fixture.server.run(['api-key', 'create', '--user', 'pam', '--name', 'files', '--json']));
    const headers = { 'x-api-key': key };
    const file = new File(['hello'], 'hello.txt', { type: 'text/plain' });
    const attachment = await fixture.guide.attach(fixture.server.url, headers, task.id, file, 'upload-1');
    assert.equal((await fixture.guide.attach(fixture.server.url, headers, task.id, file, 'upload-1')).id, attachment.id, 'one effect');
    assert.equal(await (await fixture.guide.download(fixture.server.url, headers, attachment)).text(), 'hello');
    await until('the attachment', () => card.attachments.size === 1);
    await live.change('task:attachment:remove', { attachmentId: attachment.id });
    await until('the end', () => card.attachments.size === 0);
    await assert.rejects(fixture.guide.download(fixture.server.url, headers, attachment), { code: 'NOT_FOUND' });
    await assert.rejects(fixture.guide.download(fixture.server.url, {}, attachment), { code: 'UNAUTHENTICATED' });
  });

  it('saves typed text after a pause, and calls `resolve` on a conflict', { timeout: patient(60_000) }, async () => {
    await createBoard('typed');
    const [ann, ben] = ['ann', 'ben'].map((user) => openCopy(user, 'typed'));
    await until('the first snapshots', () => ann.seq !== undefined && ben.seq !== undefined);
    const { task } = await ann.change('task:create', { boardId: 'typed', title: 'T' });
    await until('the task', () => ben.tasks.has(task.id));
    let sent = 0;
    ann.socket.onAnyOutgoing((name) => (sent += name === 'task:update'));
    const edits = new fixture.guide.Edits(ann);
    for (const title of ['H', 'He', 'Hel', 'Hello']) edits.set(task.id, 'title', title);
    edits.set(task.id, 'description', 'More');
    await until('the pause', () => ben.tasks.get(task.id).title === 'Hello');
    assert.deepEqual([sent, ben.tasks.get(task.id).description], [1, 'More']);

    // The user's own earlier changes are no conflict, however soon they follow.
    edits.set(task.id, 'title', 'Hello,');
    const first = edits.flush(task.id);
    edits.set(task.id, 'title', 'Hello, world');
    await Promise.all([first, edits.flush(task.id)]);
    assert.equal(sent, 3);

    // Another user's changes are.
    const seen = ann.tasks.get(task.id);
    await ben.change('task:update', { taskId: task.id, updates: { title: 'Bye', priority: 3 } });
    let conflict;
    const saved = await fixture.guide.save(ann, seen, { title: 'Hi', description: 'Less' }, (mine, current, fields) => {
      conflict = [current.title, fields];
      return { ...mine, title: `${current.title} and ${mine.title}` };
    });
    assert.deepEqual(conflict, ['Bye', ['title']]);
    assert.deepEqual([saved.title, saved.description, saved.priority], ['Bye and Hi', 'Less', 3]);
    await expectEqualCopies([ann, ben], 'typed', 'typed');
  });

  it('tracks presence, typing and notifications', { timeout: patient(60_000) }, async () => {
    await createBoard('presence', ['fay', 'gus']);
    const { task } = await fixture.guide.ask(fixture.keeper, 'task:create', { boardId: 'presence', title: 'T' });
    const shown = {};
    const show = {
      board: () => {},
      presence: ({ users }) => (shown.users = users),
      inbox: ({ items, unread }) => (shown.inbox = { texts: [...items.values()].map(({ text }) => text), unread }),
      typists: (typists) => (shown.typists = typists),
      notice: () => {},
    };
    const failed = (error) => (shown.failure = error);
    const fay = fixture.guide.openBoard(fixture.server.url, async () => token('fay'), 'presence', { show, refused: failed, failed });
    closeLater(fay.socket);
    await until('the user', () => shown.users?.get('fay') && shown.inbox);
    const gus = openCopy('gus', 'presence');
    const presence = new fixture.guide.Presence(gus);
    await until('the other user', () => shown.users.has('gus') && presence.users.has('fay'));

    await presence.setPresence(task.id);
    await until('the open card', () => shown.users.get('gus').taskId === task.id);
    await presence.setPresence(undefined, 'away');
    await until('the closed card', () => shown.users.get('gus').taskId === undefined);
    assert.deepEqual(shown.users.get('gus'), { name: 'Gus', status: 'away', taskId: undefined });

    const typing = fixture.guide.typist(gus.socket, { taskId: task.id });
    typing.input();
    typing.input();
    await until('typing', () => shown.typists?.length === 1);
    assert.equal(shown.typists[0].userId, 'gus');
    typing.stop();
    await until('the end', () => shown.typists.length === 0);

    const other = openCopy('fay', 'presence');
    const otherInbox = new fixture.guide.Inbox(other.socket);
    await gus.change('task:assign', { taskId: task.id, assignee: 'fay' });
    for (const body of ['@fay one', '@fay two', '@fay three']) await gus.change('task:comment:add', { taskId: task.id, body });
    await until('all notifications', () => shown.inbox.unread === 4 && otherInbox.unread === 4);
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
    await until('the user to leave, after the grace period', () => !shown.users.has('gus'));
    assert.equal(shown.failure, undefined);
  });

  it('waits when it exceeds a rate limit', { timeout: patient(60_000) }, async () => {
    await createBoard('plain', ['ann']);
    const ann = openCopy('ann', 'plain');
    await until('the snapshot', () => ann.seq !== undefined);
    let refusals = 0;
    ann.socket.on('error', ({ code }) => (refusals += code === 'RATE_LIMIT'));
    // More than a second allows.
    const titles = Array.from({ length: 15 }, (_, number) => `Task ${number}`);
    await Promise.all(titles.map((title) => ann.change('task:create', { boardId: 'plain', title })));
    assert.ok(refusals > 0, 'the rate limit was exceeded');
    await expectEqualCopies([ann], 'plain', 'plain');
    assert.equal(ann.tasks.size, titles.length);
  });
});
