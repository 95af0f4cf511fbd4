// The wire contract, through the official client on each of its transports: two users on a board, every command, every
// envelope, both forms of a reply, refusals, and an outsider who receives nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { open, TRANSPORTS } from './client.mjs';
import { startServer, token } from './server.mjs';

const { $defs: definitions } = JSON.parse(readFileSync(new URL('../../docs/api/schema.json', import.meta.url), 'utf8'));
/** The fields that clients rely on: they must be among those of the definition, whatever is added. */
const TASK = [
  'assignee',
  'board_id',
  'column_id',
  'completed_at',
  'created_at',
  'created_by',
  'description',
  'due_date',
  'id',
  'lease',
  'position',
  'priority',
  'status',
  'tags',
  'title',
  'updated_at',
  'version',
];
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Asserts that a value has exactly the fields that its published definition requires. */
function assertFields(value, definition) {
  assert.deepEqual(Object.keys(value).sort(), definitions[definition].required.toSorted(), definition);
}

for (const [transport, options] of Object.entries(TRANSPORTS)) {
  describe(`socket.io-client over ${transport}`, () => {
    let server;
    let ann;
    let bob;
    let eve;
    let board;
    let columns;
    let statuses;

    before(async () => {
      server = await startServer();
      [ann, bob, eve] = ['ann', 'bob', 'eve'].map((user) => open(server.url, user, options));
      statuses = await Promise.all([ann, bob, eve].map((client) => client.connected()));
      const created = await ann.ask('board:create', { name: 'Launch' });
      board = created.board.id;
      columns = created.columns.map(({ id }) => id);
      assert.deepEqual(
        created.columns.map(({ name }) => name),
        ['To Do', 'In Progress', 'Done'],
      );
      await ann.ask('board:member:set', { boardId: board, userId: 'bob', role: 'member' });
      await bob.ask('view:board', { boardId: board });
      await eve.ask('subscribe', { type: '*' });
    });

    after(async () => {
      for (const client of [ann, bob, eve]) client?.close();
      await server?.stop();
    });

    it('reports the connection in connection:status', () => {
      const [status] = statuses;
      assertFields(status, 'ConnectionStatus');
      assert.equal(status.status, 'connected');
      assert.equal(status.socketId, ann.socket.id);
      assert.equal(status.protocolVersion, 1);
      assert.deepEqual(status.user, { id: 'ann', name: 'Ann', permissions: ['read', 'write'], teams: [] });
    });

    it('uses the configured transport', async () => {
      const { engine } = ann.socket.io;
      if (transport === 'polling') {
        assert.equal(engine.transport.name, 'polling');
      } else {
        if (engine.transport.name !== 'websocket') await new Promise((resolve) => engine.once('upgrade', resolve));
        assert.equal(engine.transport.name, 'websocket');
      }
    });

    it('refuses wrong credentials with one message', async () => {
      for (const auth of [{}, { token: 'nonsense' }, { token: `${token('ann')}x` }, { apiKey: 'nonsense' }]) {
        const stranger = open(server.url, 'ann', { ...options, auth });
        await assert.rejects(stranger.connected(), { message: 'Authentication failed' });
        stranger.close();
      }
    });

    it('delivers every change to the other member in an envelope, and to nobody else', async () => {
      const steps = [
        [
          'task:create',
          { boardId: board, id: `t-${board}`, title: 'T', columnId: columns[0] },
          'task:created',
          ({ task }) => ({ task, createdBy: 'ann', boardId: board }),
        ],
        [
          'task:update',
          { taskId: `t-${board}`, updates: { title: 'U', tags: ['x'], priority: 0 } },
          'task:updated',
          ({ task }) => ({ task, changes: { title: 'U', tags: ['x'] }, updatedBy: 'ann', boardId: board }),
        ],
        [
          'task:move',
          { taskId: `t-${board}`, toColumn: columns[1] },
          'task:moved',
          ({ task }) => ({ task, fromColumn: columns[0], toColumn: columns[1], movedBy: 'ann', boardId: board }),
        ],
        [
          'task:assign',
          { taskId: `t-${board}`, assignee: 'bob' },
          'task:assigned',
          ({ task }) => ({ task, assignee: 'bob', previousAssignee: null, assignedBy: 'ann', boardId: board }),
        ],
        ['task:complete', { taskId: `t-${board}` }, 'task:completed', ({ task }) => ({ task, completedBy: 'ann', boardId: board })],
        ['task:delete', { taskId: `t-${board}` }, 'task:deleted', () => ({ taskId: `t-${board}`, deletedBy: 'ann', boardId: board })],
        [
          'board:update',
          { boardId: board, updates: { name: 'Renamed' } },
          'board:updated',
          (reply) => ({ board: reply.board, changes: { name: 'Renamed' }, updatedBy: 'ann' }),
        ],
        ['board:archive', { boardId: board }, 'board:archived', (reply) => ({ board: reply.board, archivedBy: 'ann' })],
        ['board:restore', { boardId: board }, 'board:restored', (reply) => ({ board: reply.board, restoredBy: 'ann' })],
        ['column:create', { boardId: board, name: 'Extra', id: `c-${board}` }, 'column:created', ({ column }) => ({ column, boardId: board })],
        [
          'column:update',
          { columnId: `c-${board}`, updates: { name: 'More' } },
          'column:updated',
          ({ column }) => ({ column, changes: { name: 'More' }, boardId: board }),
        ],
        ['column:delete', { columnId: `c-${board}` }, 'column:deleted', () => ({ columnId: `c-${board}`, boardId: board })],
        [
          'column:reorder',
          { boardId: board, columnIds: [columns[1], columns[0], columns[2]] },
          'column:reordered',
          (reply) => ({ columns: reply.columns, boardId: board }),
        ],
        ['board:member:set', { boardId: board, userId: 'bob', role: 'owner' }, 'board:member:set', ({ member }) => ({ member, boardId: board })],
      ];
      let { seq } = await ann.ask('board:get', { boardId: board });
      for (const [index, [command, payload, name, data]] of steps.entries()) {
        const requestId = `request-${index}`;
        const reply = await ann.ask(command, { ...payload, requestId });
        seq += 1;
        assert.equal(reply.seq, seq, command);
        assert.equal(reply.requestId, requestId, command);
        const event = await bob.nextEvent();
        assert.equal(event.name, name);
        const { id, timestamp, ...envelope } = event.payload;
        assert.ok(typeof id === 'string' && id.length > 0);
        assert.match(timestamp, INSTANT);
        assert.deepEqual(envelope, { type: name, data: data(reply), boardId: board, seq, userId: 'ann', requestId });
      }
      await bob.expectNoEvents();
      await ann.expectNoEvents(0);
      await eve.expectNoEvents(0);
    });

    it('shows tasks and boards with all fields of the schema', async () => {
      const { task } = await bob.ask('task:create', { boardId: board, title: '<b>as given</b>', priority: 3 });
      assertFields(task, 'Task');
      for (const field of TASK) assert.ok(field in task, field);
      assert.equal(task.title, '<b>as given</b>');
      const got = await ann.ask('task:get', { taskId: task.id });
      assertFields(got, 'command.task.get.success');
      assert.deepEqual(got.task, task);
      const snapshot = await ann.ask('board:get', { boardId: board });
      assertFields(snapshot, 'command.board.get.success');
      assertFields(snapshot.board, 'Board');
      for (const column of snapshot.columns) assertFields(column, 'Column');
      assert.deepEqual(snapshot.tasks, [task]);
      assert.deepEqual(snapshot.members.map(({ user_id }) => user_id).sort(), ['ann', 'bob']);
      const { boards } = await ann.ask('board:list', {});
      assert.deepEqual(
        boards.map(({ id }) => id),
        [board],
      );
    });

    it('replies with events if there is no callback', async () => {
      const { task } = await ann.ask('task:create', { boardId: board, title: 'Once' });
      await bob.event('task:created');
      ann.socket.emit('task:update', { taskId: task.id, updates: { title: 'Twice' }, requestId: 'no-callback' });
      const success = await ann.nextEvent();
      assert.equal(success.name, 'task:update:success');
      assert.equal(success.payload.ok, true);
      assert.equal(success.payload.requestId, 'no-callback');
      assert.equal(success.payload.task.title, 'Twice');
      assert.equal((await bob.nextEvent()).name, 'task:updated');
      ann.socket.emit('task:update', { taskId: 'nowhere', updates: { title: 'X' } });
      const refusal = await ann.nextEvent();
      assert.equal(refusal.name, 'task:update:error');
      assert.equal(refusal.payload.ok, false);
      assert.equal(refusal.payload.code, 'NOT_FOUND');
      await bob.expectNoEvents();
    });

    it('refuses with stable codes', async () => {
      const { task } = await ann.ask('task:create', { boardId: board, title: 'Guarded' });
      await bob.event('task:created');
      const shape = await ann.refused('task:create', { boardId: board, priority: 11 }, 'INVALID_MESSAGE');
      assert.ok(shape.details.every(({ path, message }) => typeof path === 'string' && typeof message === 'string'));
      const missing = await ann.refused('task:create', { boardId: board }, 'INVALID_MESSAGE');
      assert.deepEqual(
        missing.details.map(({ path }) => path),
        ['title'],
      );
      await ann.refused('task:explode', {}, 'UNKNOWN_EVENT');
      await ann.refused('subscribe', { type: 'task.*' }, 'INVALID_MESSAGE');
      await ann.ask('task:update', { taskId: task.id, updates: { title: 'Newer' }, expectedVersion: task.version });
      const stale = { taskId: task.id, updates: { title: 'Older' }, expectedVersion: task.version };
      const conflict = await bob.refused('task:update', stale, 'CONFLICT');
      assert.deepEqual(conflict.details.fields, ['title']);
      assert.equal(conflict.details.current.title, 'Newer');
      const apart = { taskId: task.id, updates: { priority: 9 }, expectedVersion: task.version };
      assert.equal((await bob.ask('task:update', apart)).task.title, 'Newer');
      const once = { boardId: board, title: 'Once', requestId: 'the-same' };
      assert.deepEqual(await ann.ask('task:create', once), await ann.ask('task:create', once));
      await ann.refused('task:create', { ...once, title: 'Other' }, 'IDEMPOTENCY_MISMATCH');
      const reader = open(server.url, 'bob', { ...options, auth: { token: token('bob', ['read']) } });
      await reader.connected();
      await reader.refused('task:update', { taskId: task.id, updates: { title: 'X' } }, 'FORBIDDEN');
      reader.close();
    });

    it('hides the board from an outsider', async () => {
      const { task } = await ann.ask('task:create', { boardId: board, title: 'Secret' });
      for (const [command, payload] of [
        ['board:get', { boardId: board }],
        ['board:update', { boardId: board, updates: { name: 'X' } }],
        ['board:archive', { boardId: board }],
        ['board:member:set', { boardId: board, userId: 'eve', role: 'owner' }],
        ['column:create', { boardId: board, name: 'X' }],
        ['column:update', { columnId: columns[0], updates: { name: 'X' } }],
        ['column:delete', { columnId: columns[0] }],
        ['task:create', { boardId: board, title: 'X' }],
        ['task:get', { taskId: task.id }],
        ['task:update', { taskId: task.id, updates: { title: 'X' } }],
        ['task:move', { taskId: task.id, toColumn: columns[1] }],
        ['task:assign', { taskId: task.id, assignee: 'eve' }],
        ['task:complete', { taskId: task.id }],
        ['task:delete', { taskId: task.id }],
        ['subscribe', { type: '*', filters: { boardId: board } }],
        ['subscribe', { type: '*', filters: { taskId: task.id } }],
        ['view:board', board],
      ]) {
        await eve.refused(command, payload, 'NOT_FOUND');
      }
      await eve.expectNoEvents();
    });

    it('resumes after a reconnection', async () => {
      const carl = open(server.url, 'bob', { ...options, reconnection: true, reconnectionDelay: 50 });
      await carl.connected();
      const { seq, epoch } = await carl.ask('board:get', { boardId: board });
      await carl.ask('view:board', { boardId: board });
      const again = carl.connected.bind(carl);
      const disconnected = new Promise((resolve) => carl.socket.once('disconnect', resolve));
      // As on a bad network, the connection ends without notice.
      carl.socket.io.engine.close();
      await disconnected;
      const { task } = await ann.ask('task:create', { boardId: board, title: 'Missed' });
      await again();
      const reply = await carl.ask('view:board', { boardId: board, since: seq, epoch });
      assert.equal(reply.recovered, true);
      const missed = await carl.event('task:created');
      assert.deepEqual(missed.payload.data.task, task);
      assert.equal(missed.payload.seq, seq + 1);
      const late = await carl.ask('view:board', { boardId: board, since: seq + 1000, epoch });
      assert.equal(late.recovered, false);
      carl.close();
    });
  });
}

describe('an origin that is not allowed', () => {
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    it(`gets HTTP 403 over ${transport}`, async () => {
      const server = await startServer({ BOARDWIRE_CLIENT_URL: 'https://board.example' });
      try {
        const listed = open(server.url, 'ann', { ...options, extraHeaders: { origin: 'https://board.example' } });
        await listed.connected();
        listed.close();
        const evil = open(server.url, 'ann', { ...options, extraHeaders: { origin: 'https://evil.example' } });
        await assert.rejects(evil.connected(), ({ description }) => {
          // Polling reports the status itself, the WebSocket an event that mentions it.
          assert.match(`${description?.message ?? description}`, /\b403\b/);
          return true;
        });
        evil.close();
      } finally {
        await server.stop();
      }
    });
  }
});
