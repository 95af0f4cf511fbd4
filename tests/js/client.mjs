// A socket.io-client socket for tests: it checks whether replies are successes or refusals, and records every event in order.
import assert from 'node:assert/strict';
import { io } from 'socket.io-client';
import { patient } from './patience.mjs';
import { token } from './server.mjs';

const PATIENCE_MS = patient(30_000);

/** The options for each choice of transports. */
export const TRANSPORTS = {
  websocket: { transports: ['websocket'] },
  polling: { transports: ['polling'] },
  'polling, then upgraded': {},
};

/** The events that are not in a board's log: presence, typing and notifications. */
const UNLOGGED = /^(user:|typing:|notification)/;

/** Opens a socket that records its events from the start. It is not connected yet. */
export function open(url, user, options = {}) {
  const socket = io(url, { auth: { token: token(user) }, forceNew: true, reconnection: false, ...options });
  const unread = [];
  const waiting = new Set();
  socket.onAny((name, payload) => {
    unread.push({ name, payload });
    for (const check of [...waiting]) check();
  });
  const take = (wanted) => {
    const index = unread.findIndex(wanted);
    return index < 0 ? undefined : unread.splice(index, 1)[0];
  };

  /** Waits for the next event that `wanted` accepts; the others stay for later. */
  const next = (what, wanted) =>
    new Promise((resolve, reject) => {
      const end = () => {
        waiting.delete(check);
        clearTimeout(timer);
      };
      const check = () => {
        const found = take(wanted);
        if (found) {
          end();
          resolve(found);
        }
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`timed out waiting for ${what}; unread: ${JSON.stringify(unread)}`));
      }, PATIENCE_MS);
      waiting.add(check);
      check();
    });

  return {
    socket,
    user,
    /** Waits for `connect` and `connection:status`. Returns the data of the latter. */
    async connected() {
      await new Promise((resolve, reject) => {
        if (socket.connected) return resolve();
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      });
      return (await next('connection:status', ({ name }) => name === 'connection:status')).payload.data;
    },
    /** Sends a command. Returns the reply, which comes through the callback. */
    call: (name, payload) => socket.timeout(PATIENCE_MS).emitWithAck(name, payload),
    /** Does the same; the reply must be a success. */
    async ask(name, payload) {
      const reply = await this.call(name, payload);
      assert.equal(reply.ok, true, `${name} was refused: ${JSON.stringify(reply)}`);
      return reply;
    },
    /** Does the same; the command must be refused with `code`. */
    async refused(name, payload, code) {
      const reply = await this.call(name, payload);
      assert.equal(reply.ok, false, `${name} should be ${code}: ${JSON.stringify(reply)}`);
      assert.equal(reply.code, code, JSON.stringify(reply));
      assert.ok(typeof reply.error === 'string' && reply.error.length > 0, JSON.stringify(reply));
      return reply;
    },
    /** The next event of this name. */
    event: (name) => next(name, (event) => event.name === name),
    /** The next event of any name but those of presence, typing and notifications. */
    nextEvent: () => next('any event', ({ name }) => !UNLOGGED.test(name)),
    /** Fails if an event of a board's log is unread or arrives within `ms`. */
    async expectNoEvents(ms = 300) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      assert.deepEqual(
        unread.filter(({ name }) => !UNLOGGED.test(name)),
        [],
        `${user} should have received nothing`,
      );
      assert.ok(socket.connected, `${user} is silent because the connection ended`);
    },
    close: () => socket.disconnect(),
  };
}
