// The module in the guide, as it is printed: its pieces in a file of its own, a server with default settings for each test, and users
// who have copies of a board.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { until } from './random.mjs';
import { startPlainServer } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** More users than one, so that none of them needs more commands in a minute than a user has. */
export const CROWD = Array.from({ length: 16 }, (_, number) => `user-${number}`);

/** A copy or a snapshot, with all lists sorted. */
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
 * Starts a fixture for the tests of a `describe`: `fixture.guide` is the module, `fixture.server` a server of each test's own, so that none
 * has used up what another may do in a minute, and `fixture.keeper` the connection of a user who creates boards.
 */
export function startFixture() {
  const fixture = {};
  let folder;
  let sockets = [];

  /** Makes a user beside the server, as its operator does. */
  const createUser = (id) => fixture.server.run(['user', 'create', '--id', id, '--name', id[0].toUpperCase() + id.slice(1)]);
  /** A token of this user's. */
  const token = (user, ...more) => JSON.parse(fixture.server.run(['token', 'issue', '--user', user, '--json', ...more])).token;

  /** A connection, which ends with the test. */
  const closeLater = (socket) => {
    sockets.push(socket);
    return socket;
  };
  const connect = (user) => {
    const own = token(user);
    return closeLater(fixture.guide.connect(fixture.server.url, async () => own));
  };

  /** A copy whose snapshots are counted, and the pages that they come in. */
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

  /** Waits until the copies have come as far as the board, and compares. */
  const expectEqualCopies = async (copies, boardId, message) => {
    const { seq } = await fixture.guide.ask(fixture.keeper, 'board:get', { boardId });
    const behind = () => JSON.stringify(copies.map(({ user, seq, failure }) => [user, seq, failure?.message]));
    await until(`event ${seq}`, () => copies.every((copy) => copy.seq >= seq)).catch((error) => {
      throw new Error(`${message}: ${error.message}: ${behind()}`);
    });
    const wanted = comparable(await fixture.guide.ask(fixture.keeper, 'board:get', { boardId }));
    for (const copy of copies) {
      assert.equal(copy.failure, undefined, `${message}: ${copy.user}: ${copy.failure}`);
      assert.deepEqual(comparable(copy), wanted, `${message}: the copy of ${copy.user}`);
    }
    return seq;
  };

  /** A board of which all of these are owners, who are new. */
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
