// A TCP proxy in front of a server, which can cut its connections, hold back what they carry, refuse new ones, and lead
// to another server.
import { connect, createServer } from 'node:net';

/** Starts a proxy to an `http://` address; `{url, cut, stall, holdReplies, resume, refuse, accept, redirect, stop}`. */
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
    /** Ends every connection, with whatever is on its way. */
    cut,
    /** Holds back everything, in both directions, without an end to be seen. */
    stall() {
      stalled = true;
      each((socket) => socket.pause());
    },
    /** Holds back what the server says; what the client says gets through. */
    holdReplies() {
      for (const [, upstream] of pairs) upstream.pause();
    },
    /** Lets everything pass again. */
    resume() {
      stalled = false;
      each((socket) => socket.resume());
    },
    /** Cuts, and lets nobody in. */
    refuse() {
      refusing = true;
      cut();
    },
    accept() {
      refusing = false;
    },
    /** Cuts, and leads whoever comes to another server. */
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
