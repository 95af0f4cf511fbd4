// The client class of the module document, as printed there without its types, and the document's test.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { open } from './client.mjs';
import { patient } from './patience.mjs';
import { startServer, token } from './server.mjs';

class KanbanWebSocketClient {
  constructor(url, token, handlers) {
    this.handlers = handlers;
    this.socket = io(url, {
      auth: { token },
      reconnection: true,
      reconnectionDelay: 1000,
      reconnectionAttempts: 5,
    });
    this.setupEventHandlers();
  }

  setupEventHandlers() {
    this.socket.on('connect', () => this.handlers.connected(this));
    this.socket.on('task:created', (message) => this.handlers.taskCreated(message));
    this.socket.on('task:updated', (message) => this.handlers.taskUpdated(message));
  }

  subscribeToBoard(boardId) {
    this.socket.emit('subscribe', { type: 'board:*', filters: { boardId } });
  }

  subscribeToTasks(boardId) {
    this.socket.emit('subscribe', { type: 'task:*', filters: { boardId } });
  }
}

describe('the client of the module document', () => {
  let server;
  let writer;
  let client;

  before(async () => {
    server = await startServer();
    writer = open(server.url, 'ann');
    await writer.connected();
  });

  after(async () => {
    writer?.close();
    client?.socket.disconnect();
    await server?.stop();
  });

  it('should broadcast task updates', { timeout: patient(60_000) }, async () => {
    await writer.ask('board:create', { name: 'Test', id: 'test-board' });
    await writer.ask('task:create', { boardId: 'test-board', id: 'task-123', title: 'T' });

    let taskUpdate;
    const subscribed = new Promise((resolve, reject) => {
      taskUpdate = new Promise((updated) => {
        client = new KanbanWebSocketClient(server.url, token('ann'), {
          connected: (self) => {
            self.socket.once('subscribe:error', (error) => reject(new Error(JSON.stringify(error))));
            self.socket.once('subscribe:success', (reply) => {
              assert.equal(reply.ok, true);
              assert.equal(reply.type, 'task:*');
              assert.ok(typeof reply.subscriptionId === 'string');
              resolve();
            });
            self.subscribeToTasks('test-board');
          },
          taskCreated: () => reject(new Error('nothing was created')),
          taskUpdated: updated,
        });
      });
    });
    await subscribed;
    await writer.ask('task:update', { taskId: 'task-123', updates: { status: 'done' } });

    const message = await taskUpdate;
    assert.equal(message.type, 'task:updated');
    assert.equal(message.data.task.id, 'task-123');
    assert.equal(message.data.task.status, 'done');
  });
});
