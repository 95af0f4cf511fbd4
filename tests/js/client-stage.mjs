// What the tests of @boardwire/client share: the installed package, a server, a proxy before it that can cut connections, and clients
// that are closed in the end.
import { after, before } from 'node:test';

import { open } from './client.mjs';
import { installClient } from './client-installed.mjs';
import { startProxy } from './proxy.mjs';
import { startServer, token } from './server.mjs';

/**
 * Sets the stage before the tests of a `describe`, and clears it after them. `stage.keeper` is the socket of a user who keeps the
 * boards; `users` are known to the server. `stage.connect` makes a client through the proxy, or to another address.
 */
export function startStage({ keeper = 'keeper', users = [], settings = {}, options: defaults = {} } = {}) {
  const clients = [];
  const stage = {
    connect(user, options = {}, url = stage.proxy.url) {
      const client = stage.installed.client.connect(url, { token: () => token(user), reconnect: { minMs: 10, maxMs: 100 }, ...defaults, ...options });
      clients.push(client);
      return client;
    },
  };
  before(async () => {
    stage.installed = await installClient();
    stage.server = await startServer(settings);
    stage.proxy = await startProxy(stage.server.url);
    for (const user of users) await introduce(stage.server.url, user);
    stage.keeper = open(stage.server.url, keeper);
    await stage.keeper.connected();
  });
  after(async () => {
    stage.proxy?.flow();
    stage.proxy?.accept();
    await Promise.all(clients.map((client) => client.close({ withinMs: 100 })));
    stage.keeper?.close();
    await stage.proxy?.stop();
    await stage.server?.stop();
    stage.installed?.remove();
  });
  return stage;
}

/** Connects a user for a moment, so that the server knows who that is. */
async function introduce(url, user) {
  const socket = open(url, user);
  await socket.connected();
  socket.close();
}
