// The module document's client-side error handling, adapted: the connection survives a refused command, so that the
// command is retried after `retryAfter`, not the connection. And its rooms: `view:board` with a bare id.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { open } from './client.mjs';
import { patient } from './patience.mjs';
import { startServer } from './server.mjs';

const BURST = 3;

describe('the error handling of the module document', () => {
  let server;
  let ann;
  let bob;

  before(async () => {
    server = await startServer({ BOARDWIRE_RATE_LIMIT_BURST: String(BURST) });
    ann = open(server.url, 'ann');
    bob = open(server.url, 'bob');
    await Promise.all([ann.connected(), bob.connected()]);
  });

  after(async () => {
    ann?.close();
    bob?.close();
    await server?.stop();
  });

  it('succeeds after waiting retryAfter seconds on RATE_LIMIT', { timeout: patient(60_000) }, async () => {
    const { socket } = ann;
    const { id } = socket;
    const errors = [];
    const retried = new Promise((resolve, reject) => {
      socket.on('error', (error) => {
        errors.push(error);
        if (error.code === 'RATE_LIMIT') {
          setTimeout(() => {
            socket.emit('board:list', { requestId: error.requestId }, (reply) => {
              if (reply.ok) resolve(reply);
              else reject(new Error(JSON.stringify(reply)));
            });
          }, error.retryAfter * 1000);
        } else {
          reject(new Error(JSON.stringify(error)));
        }
      });
    });
    const replies = await Promise.all(Array.from({ length: BURST + 1 }, (_, n) => ann.call('board:list', { requestId: `list-${n}` })));
    const refused = replies.filter(({ ok }) => !ok);
    assert.equal(refused.length, 1, 'one more than the burst was sent');
    assert.equal(refused[0].code, 'RATE_LIMIT');
    assert.deepEqual([refused[0].limit, refused[0].remaining], [BURST, 0]);
    assert.equal(errors.length, 1);
    const [error] = errors;
    assert.equal(error.requestId, refused[0].requestId);
    assert.ok(error.retryAfter > 0 && error.retryAfter <= 1, `${error.retryAfter} s`);
    assert.ok(error.message && error.timestamp && error.reset, JSON.stringify(error));
    assert.equal((await retried).requestId, error.requestId);
    assert.equal(socket.id, id, 'the connection is the same');
  });

  it('views one board at a time, by its bare id', { timeout: patient(60_000) }, async () => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 1100));
    await pause();
    await bob.ask('board:list', {});
    await ann.ask('board:create', { name: 'First', id: 'first' });
    await ann.ask('board:create', { name: 'Second', id: 'second' });
    await pause();
    for (const boardId of ['first', 'second']) {
      await ann.ask('board:member:set', { boardId, userId: 'bob', role: 'viewer' });
      bob.socket.emit('view:board', boardId);
    }
    await pause();
    await ann.ask('task:create', { boardId: 'first', title: 'Not seen' });
    await ann.ask('task:create', { boardId: 'second', title: 'Seen' });
    const { payload } = await bob.event('task:created');
    assert.equal(payload.data.task.title, 'Seen');
  });
});
