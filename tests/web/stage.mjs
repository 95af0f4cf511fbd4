// What the tests of a file share: a server with users, a browser, and requests to the API.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { startServer, token } from '../js/server.mjs';
import { startApi } from './api.mjs';
import { addUser, launch, windowOf } from './browser.mjs';

/**
 * Sets the stage before the tests of a `describe`, or of a file, and clears it after them. `users` sign in with a password; the first
 * of them makes the requests of `stage.api`.
 */
export function startStage(...users) {
  const stage = {
    /** A window of a user; see `windowOf`. */
    windowOf: (user, path, options) => windowOf(stage.browser, stage.server.url, user, path, options),
    /** A window of each user at the same path. */
    windows: (path, ...users) => Promise.all(users.map((user) => stage.windowOf(user, path))),
  };
  before(async () => {
    stage.server = await startServer();
    for (const user of users) addUser(stage.server, user);
    stage.api = startApi(stage.server.url, token(users[0]));
    stage.browser = await launch();
  });
  after(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}

/** Closes windows. */
export const close = (...pages) => Promise.all(pages.map((page) => page.context().close()));

/** Fails if the scripts of a page have failed, or its content policy has refused anything. */
export const clean = (...pages) =>
  assert.deepEqual(
    pages.flatMap(({ faults }) => faults),
    [],
  );
