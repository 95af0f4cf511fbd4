// What the tests ask of a socket.io-client socket beside its own interface: replies that must be successes or
// refusals, and every event kept in order so that none is missed.
import assert from 'node:assert/strict';
import { io } from 'socket.io-client';
import { patient } from './patience.mjs';
import { token } from './server.mjs';

const PATIENCE_MS = patient(30_000);

/** Transports as a client would choose them. */
export const TRANSPORTS = {
  websocket: { transports: ['websocket'] },
  polling: { transports: ['polling'] },
  'polling, then upgraded': {},
};

/** Events that come beside those of a board's log: who is there, who types, what one is notified of. */
const PRESENCE = /^(user:|typing:|notification)/;

/** A socket with its events recorded from the first moment on; not yet connected. */
export function open(url, user, options = {}) {
  const socket = io(url, { auth: { token: token(user) }, forceNew: true, reconnection: false, ...options });
  const unread = [];
  const waiting = new Set();
  socket.onAny((name, payload) => {
    unread.push({ name, payload });
    for (const look of [...waiting]) look();
  });
  const take = (wanted) => {
    const index = unread.findIndex(wanted);
    return index < 0 ? undefined : unread.splice(index, 1)[0];
  };

  /** The next event that `wanted` picks; the others stay for later. */
  const next = (what, wanted) =>
    new Promise((resolve, reject) => {
      const end = () => {
        waiting.delete(look);
        clearTimeout(timer);
      };
      const look = () => {
        const found = take(wanted);
        if (found) {
          end();
          resolve(found);
        }
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`waited for ${what} in vain; unread: ${JSON.stringify(unread)}`));
      }, PATIENCE_MS);
      waiting.add(look);
      look();
    });

  return {
    socket,
    user,
    /** Waits for `connect` and `connection:status`; its data. */
    async connected() {
      await new Promise((resolve, reject) => {
        if (socket.connected) return resolve();
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      });
      return (await next('connection:status', ({ name }) => name === 'connection:status')).payload.data;
    },
    /** The reply to a command, through the callback. */
    call: (name, payload) => socket.timeout(PATIENCE_MS).emitWithAck(name, payload),
    /** The same, which must be a success. */
    async ask(name, payload) {
      const reply = await this.call(name, payload);
      assert.equal(reply.ok, true, `${name} was refused: ${JSON.stringify(reply)}`);
      return reply;
    },
    /** The same, which must be refused with `code`. */
    async refused(name, payload, code) {
      const reply = await this.call(name, payload);
      assert.equal(reply.ok, false, `${name} should be ${code}: ${JSON.stringify(reply)}`);
      assert.equal(reply.code, code, JSON.stringify(reply));
      assert.ok(typeof reply.error === 'string' && reply.error.length > 0, JSON.stringify(reply));
      return reply;
    },
    /** The next event of this name. */
    event: (name) => next(name, (event) => event.name === name),
    /** The next event, whatever its name, that does not tell of presence, typing or notifications. */
    nextEvent: () => next('any event', ({ name }) => !PRESENCE.test(name)),
    /** Fails if anything of a board's log is unread or arrives within `ms`. */
    async expectNoEvents(ms = 300) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      assert.deepEqual(
        unread.filter(({ name }) => !PRESENCE.test(name)),
        [],
        `${user} should have heard nothing`,
      );
      assert.ok(socket.connected, `${user} is silent because the connection ended`);
    },
    close: () => socket.disconnect(),
  };
}
