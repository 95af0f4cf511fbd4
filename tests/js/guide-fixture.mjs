// The module in the guide, as printed: its pieces in one file, a server with default settings for each test, and users with copies
// of a board.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { until } from './random.mjs';
import { startPlainServer } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** Enough users that none of them exceeds the commands allowed per minute. */
export const CROWD = Array.from({ length: 16 }, (_, number) => `user-${number}`);

/** Returns a copy or a snapshot with all lists sorted. */
function comparable({ seq, board, tasks, columns, members, dependencies }) {
  return {
    seq,
    board,
    tasks: sorted(tasks, 'id'),
    columns: sorted(columns, 'id'),
    members: sorted(members, 'user_id'),
    dependencies: sorted(dependencies, 'task_id', 'depends_on', 'type'),
  };
}

export function sorted(all, ...fields) {
  const key = (one) => fields.map((field) => one[field]).join(' ');
  return [...all.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * Starts a fixture for the tests of a `describe`: `fixture.guide` is the module, `fixture.server` a new server for each test, so that
 * none uses up another's commands per minute, and `fixture.keeper` the connection of a user who creates boards.
 */
export function startFixture() {
  const fixture = {};
  let folder;
  let sockets = [];

  /** Creates a user with the program's own command, as an operator does. */
  const createUser = (id) => fixture.server.run(['user', 'create', '--id', id, '--name', id[0].toUpperCase() + id.slice(1)]);
  /** Issues a token for a user. */
  const token = (user, ...more) => JSON.parse(fixture.server.run(['token', 'issue', '--user', user, '--json', ...more])).token;

  /** Ends a connection after the test. */
  const closeLater = (socket) => {
    sockets.push(socket);
    return socket;
  };
  const connect = (user) => {
    const issued = token(user);
    return closeLater(fixture.guide.connect(fixture.server.url, async () => issued));
  };

  /** Opens a copy that counts its snapshots and their pages. */
  const openCopy = (user, boardId) => {
    const socket = connect(user);
    const copy = new fixture.guide.LiveBoard(
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

  /** Waits until the copies have caught up with the board, and compares them with it. */
  const expectEqualCopies = async (copies, boardId, message) => {
    const { seq } = await fixture.guide.ask(fixture.keeper, 'board:get', { boardId });
    const progress = () => JSON.stringify(copies.map(({ user, seq, failure }) => [user, seq, failure?.message]));
    await until(`event ${seq}`, () => copies.every((copy) => copy.seq >= seq)).catch((error) => {
      throw new Error(`${message}: ${error.message}: ${progress()}`);
    });
    const wanted = comparable(await fixture.guide.ask(fixture.keeper, 'board:get', { boardId }));
    for (const copy of copies) {
      assert.equal(copy.failure, undefined, `${message}: ${copy.user}: ${copy.failure}`);
      assert.deepEqual(comparable(copy), wanted, `${message}: the copy of ${copy.user}`);
    }
    return seq;
  };

  /** Creates a board, and users who own it. */
  const createBoard = async (boardId, users = ['ann', 'ben']) => {
    await fixture.guide.ask(fixture.keeper, 'board:create', { name: 'Board', id: boardId });
    for (const userId of users) {
      createUser(userId);
      await fixture.guide.ask(fixture.keeper, 'board:member:set', { boardId, userId, role: 'owner' });
    }
  };

  before(async () => {
    const text = readFileSync(resolve(here, '../../docs/guides/REALTIME.md'), 'utf8');
    const pieces = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, piece]) => piece);
    // Beside node_modules, so that it finds the client as it would after `npm install socket.io-client`.
    folder = mkdtempSync(join(here, 'guide-'));
    writeFileSync(join(folder, 'guide.mjs'), pieces.join('\n'));
    fixture.guide = await import(pathToFileURL(join(folder, 'guide.mjs')).href);
  });

  after(() => folder && rmSync(folder, { recursive: true }));

  beforeEach(async () => {
    fixture.server = await startPlainServer();
    sockets = [];
    createUser('keeper');
    fixture.keeper = connect('keeper');
  });

  afterEach(async () => {
    for (const socket of sockets) socket.disconnect();
    await fixture.server?.stop();
  });

  return Object.assign(fixture, { expectEqualCopies, connect, closeLater, createUser, createBoard, token, openCopy });
}
