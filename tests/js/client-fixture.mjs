// What the tests of @boardwire/client share: the installed package, a server, a proxy that can cut connections to it, and clients
// that are closed after the tests.
import { after, before } from 'node:test';

import { open } from './client.mjs';
import { installClient } from './client-installed.mjs';
import { startProxy } from './proxy.mjs';
import { startServer, token } from './server.mjs';

/**
 * Starts the fixture before the tests of a `describe`, and stops it after them. `fixture.keeper` is the socket of a user who owns the
 * boards; the server has accounts for `users`. `fixture.connect` connects a client through the proxy, or to another address.
 */
export function startFixture({ keeper = 'keeper', users = [], settings = {}, options: defaults = {} } = {}) {
  const clients = [];
  const fixture = {
    connect(user, options = {}, url = fixture.proxy.url) {
      const client = fixture.installed.client.connect(url, { token: () => token(user), reconnect: { minMs: 10, maxMs: 100 }, ...defaults, ...options });
      clients.push(client);
      return client;
    },
  };
  before(async () => {
    fixture.installed = await installClient();
    fixture.server = await startServer(settings);
    fixture.proxy = await startProxy(fixture.server.url);
    for (const user of users) await createAccount(fixture.server.url, user);
    fixture.keeper = open(fixture.server.url, keeper);
    await fixture.keeper.connected();
  });
  after(async () => {
    fixture.proxy?.resume();
    fixture.proxy?.accept();
    await Promise.all(clients.map((client) => client.close({ withinMs: 100 })));
    fixture.keeper?.close();
    await fixture.proxy?.stop();
    await fixture.server?.stop();
    fixture.installed?.remove();
  });
  return fixture;
}

/** Connects a user briefly, so that the server creates the account. */
async function createAccount(url, user) {
  const socket = open(url, user);
  await socket.connected();
  socket.close();
}
