// What the tests of a file share: a server with users, a browser, and requests to the API.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { startServer, token } from '../js/server.mjs';
import { startApi } from './api.mjs';
import { addUser, launch, openWindow } from './browser.mjs';

/**
 * Starts the fixture before the tests of a `describe`, or of a file, and stops it after them. `users` sign in with a password; the first
 * of them makes the requests of `fixture.api`.
 */
export function startFixture(...users) {
  const fixture = {
    /** Opens a window for a user; see `openWindow`. */
    openWindow: (user, path, options) => openWindow(fixture.browser, fixture.server.url, user, path, options),
    /** Opens a window for each user at the same path. */
    windows: (path, ...users) => Promise.all(users.map((user) => fixture.openWindow(user, path))),
  };
  before(async () => {
    fixture.server = await startServer();
    for (const user of users) addUser(fixture.server, user);
    fixture.api = startApi(fixture.server.url, token(users[0]));
    fixture.browser = await launch();
  });
  after(async () => {
    await fixture.browser?.close();
    await fixture.server?.stop();
  });
  return fixture;
}

/** Creates a board with a card in its first column. Returns the paths of both, the card's id, and the columns. */
export async function boardWithCard({ api }, id) {
  const { columns } = await api.board(id);
  const taskId = `${id}-one`;
  await api.task(id, { id: taskId, title: 'First', columnId: columns[0].id });
  return { path: `/boards/${id}`, card: `/boards/${id}/tasks/${taskId}`, taskId, columns };
}

/** Creates a board with three cards in its first column, shared with Bob, and with Cleo as a viewer. */
export async function boardWithThreeCards({ api }, id) {
  const { columns } = await api.board(id, { bob: 'member', cleo: 'viewer' });
  for (const title of ['First', 'Second', 'Third']) await api.task(id, { id: `${id}-${title.toLowerCase()}`, title, columnId: columns[0].id });
  return { id, path: `/boards/${id}`, columns };
}

/** Closes windows, with their browser contexts. */
export const closeWindows = (...pages) => Promise.all(pages.map((page) => page.context().close()));

/** Fails if a script of a page has failed, or the content policy was violated. */
export const expectNoErrors = (...pages) =>
  assert.deepEqual(
    pages.flatMap(({ errors }) => errors),
    [],
  );
