// Changes over one door are delivered live over all the others: a change over the socket, HTTP, MCP or the TypeScript client
// reaches a socket, a stream of events, an agent that subscribed to the board, and a live copy. A request that is repeated over
// other doors has one effect.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

import { open } from '../js/client.mjs';
import { installClient } from '../js/client-installed.mjs';
import { patient } from '../js/patience.mjs';
import { startServer, token } from '../js/server.mjs';

const BOARD = 'doors';
const PATIENCE_MS = patient(30_000);

async function until(what, holds) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
    await sleep(10);
  }
}

/** Creates tasks over HTTP. */
function httpDoor(url, user) {
  const call = async (method, path, body, requestId) => {
    const headers = { authorization: `Bearer ${token(user)}`, 'content-type': 'application/json' };
    if (requestId) headers['idempotency-key'] = requestId;
    const answer = await fetch(`${url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
    return answer.json();
  };
  return { create: (id, title, requestId) => call('POST', `/boards/${BOARD}/tasks`, { id, title }, requestId) };
}

async function mcpClient(url, user) {
  const requestInit = { headers: { authorization: `Bearer ${token(user)}` } };
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit });
  const client = new Client({ name: 'doors', version: '1' });
  await client.connect(transport);
  const tool = async (name, args) => (await client.callTool({ name, arguments: args })).structuredContent;
  return { client, tool, close: () => transport.terminateSession().then(() => client.close()) };
}

/** Opens a stream of server-sent events. Its envelopes are collected in `seen`. */
async function stream(url, user) {
  const seen = [];
  let live = false;
  const controller = new AbortController();
  const answer = await fetch(`${url}/api/v1/boards/${BOARD}/events`, {
    headers: { authorization: `Bearer ${token(user)}`, accept: 'text/event-stream' },
    signal: controller.signal,
  });
  assert.equal(answer.status, 200);
  const read = async () => {
    let text = '';
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
        if (lines.includes('event: live')) live = true;
        else if (data) seen.push(JSON.parse(data));
      }
    }
  };
  const ended = read().catch((error) => {
    if (error.name !== 'AbortError') throw error;
  });
  await until('the stream to be live', () => live);
  return { seen, close: () => (controller.abort(), ended) };
}

describe('all doors', { timeout: patient(60_000) }, () => {
  let server;
  let installed;
  let owner;
  let listeners;
  let doors;
  const closing = [];

  before(async () => {
    installed = await installClient();
    closing.push(() => installed.remove());
    server = await startServer();
    closing.push(() => server.stop());
    owner = open(server.url, 'olga');
    await owner.connected();
    closing.push(() => owner.close());
    await owner.ask('board:create', { id: BOARD, name: 'Doors' });
    for (const user of ['sue', 'sam', 'max', 'rob', 'writer']) {
      const known = open(server.url, user);
      await known.connected();
      known.close();
      await owner.ask('board:member:set', { boardId: BOARD, userId: user, role: 'member' });
    }

    const socket = open(server.url, 'sue');
    await socket.connected();
    await socket.ask('view:board', { boardId: BOARD });
    const received = [];
    socket.socket.onAny((name, message) => name === 'task:created' && received.push(message.data.task.id));
    const events = await stream(server.url, 'sam');
    const agent = await mcpClient(server.url, 'max');
    let updates = 0;
    agent.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      if (params.uri === `board://${BOARD}`) updates += 1;
    });
    await agent.client.subscribeResource({ uri: `board://${BOARD}` });
    const client = installed.client.connect(server.url, { token: () => token('rob') });
    const board = client.openBoard(BOARD);
    await board.ready();
    closing.push(
      () => socket.close(),
      () => events.close(),
      () => agent.close(),
      () => client.close(),
    );
    const read = async (id) => {
      const { contents } = await agent.client.readResource({ uri: `board://${BOARD}` });
      return contents[0].text.includes(`"${id}"`);
    };
    let seenUpdates = 0;
    listeners = {
      'a socket': (id) => received.includes(id),
      'a stream of events': (id) => events.seen.some((event) => event.type === 'task:created' && event.data.task.id === id),
      'an agent that subscribed': async (id) => {
        if (updates === seenUpdates || !(await read(id))) return false;
        seenUpdates = updates;
        return true;
      },
      'a live copy': (id) => board.getSnapshot().tasks.has(id),
    };
    listeners.count = (id) => received.filter((known) => known === id).length;

    const writer = open(server.url, 'writer');
    await writer.connected();
    const library = installed.client.connect(server.url, { token: () => token('writer') });
    const tools = await mcpClient(server.url, 'writer');
    closing.push(
      () => writer.close(),
      () => library.close(),
      () => tools.close(),
    );
    const payload = (id, title, requestId) => ({ boardId: BOARD, id, title, ...(requestId && { requestId }) });
    doors = {
      'the socket': (...task) => writer.ask('task:create', payload(...task)),
      HTTP: (...task) => httpDoor(server.url, 'writer').create(...task),
      MCP: (...task) => tools.tool('create_task', payload(...task)),
      'the TypeScript client': (...task) => library.send('task:create', payload(...task)),
    };
  });

  after(async () => {
    for (const close of closing.reverse()) await close();
  });

  for (const door of ['the socket', 'HTTP', 'MCP', 'the TypeScript client']) {
    it(`a change over ${door} is delivered to clients of all doors`, async () => {
      const id = `by-${door.toLowerCase().replaceAll(' ', '-')}`;
      await doors[door](id, `Made over ${door}`);
      for (const listener of ['a socket', 'a stream of events', 'an agent that subscribed', 'a live copy']) {
        await until(`${listener} to receive ${id}`, () => listeners[listener](id));
      }
    });
  }

  it('one request id over all doors has one effect and one reply', async () => {
    const [over, ...others] = [doors['the socket'], doors.HTTP, doors.MCP];
    const first = await over('once', 'Once', 'request-1');
    for (const again of others) {
      const reply = await again('once', 'Once', 'request-1');
      assert.deepEqual([reply.ok, reply.seq, reply.task], [true, first.seq, first.task]);
    }
    const other = await doors.HTTP('once', 'Another', 'request-1');
    assert.equal(other.code, 'IDEMPOTENCY_MISMATCH');
    await doors['the socket']('after', 'After');
    await until('the later task', () => listeners['a socket']('after'));
    assert.equal(listeners.count('once'), 1);
  });

  it('a refusal is the same over all doors', async () => {
    const refused = await doors.HTTP('not an id', 'x');
    assert.equal(refused.code, 'INVALID_MESSAGE');
    const tool = await doors.MCP('not an id', 'x');
    assert.equal(tool.code, 'INVALID_MESSAGE');
    await assert.rejects(doors['the TypeScript client']('not an id', 'x'), { code: 'INVALID_MESSAGE' });
  });
});
