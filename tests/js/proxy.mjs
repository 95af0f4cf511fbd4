// A TCP proxy in front of a server. It can cut connections, hold back their data, refuse new ones, and redirect to another server.
import { connect, createServer } from 'node:net';

/** Starts a proxy to an `http://` address. Returns `{url, cut, stall, holdReplies, resume, refuse, accept, redirect, stop}`. */
export async function startProxy(url) {
  let target = new URL(url);
  const pairs = new Set();
  let stalled = false;
  let refusing = false;
  const server = createServer((client) => {
    if (refusing) return client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream];
    pairs.add(pair);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      from.setNoDelay(true);
      from.on('data', (data) => to.write(data));
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      if (stalled) from.pause();
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const each = (step) => {
    for (const pair of [...pairs]) pair.forEach(step);
  };
  const cut = () => each((socket) => socket.destroy());

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** How many connections there are. */
    get size() {
      return pairs.size;
    },
    /** Ends every connection; data on its way is lost. */
    cut,
    /** Holds back all data in both directions; the connections stay open. */
    stall() {
      stalled = true;
      each((socket) => socket.pause());
    },
    /** Holds back the server's data on the open connections; the client's passes. */
    holdReplies() {
      for (const [, upstream] of pairs) upstream.pause();
    },
    /** Lets all data pass again. */
    resume() {
      stalled = false;
      each((socket) => socket.resume());
    },
    /** Cuts all connections, and refuses new ones. */
    refuse() {
      refusing = true;
      cut();
    },
    accept() {
      refusing = false;
    },
    /** Cuts all connections, and leads new ones to another server. */
    redirect(url) {
      target = new URL(url);
      cut();
    },
    async stop() {
      cut();
      await new Promise((closed) => server.close(closed));
    },
  };
}
