// `boardwire mcp` alone: its errors, its end, and what survives a lost session.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { text } from 'node:stream/consumers';

import { program } from '../js/server.mjs';
import { WAYS, call, stdio, until } from './agents.mjs';
import { startProxy } from './proxy.mjs';
import { startFixture } from './fixture.mjs';

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

let fixture;
before(async () => {
  fixture = await startFixture();
});
after(() => fixture?.stop());

/** Starts the program without an SDK: messages are sent and received as lines. */
function startBridge(to, t) {
  const [{ command, args, env }] = stdio(to);
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    ended: once(child, 'exit'),
    stderr: text(child.stderr),
    send: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    next: async () => JSON.parse((await lines.next()).value),
  };
}

test('an unreachable server is an error for the agent and a message on stderr', async (t) => {
  const bridge = startBridge({ url: 'http://127.0.0.1:1', key: 'bwk_any' }, t);
  bridge.send(INITIALIZE);
  const { id, error } = await bridge.next();
  assert.equal(id, 1);
  assert.match(error.message, /^http:\/\/127\.0\.0\.1:1\/mcp can't be reached: /);
  assert.deepEqual(await bridge.ended, [1, null]);
  assert.match(await bridge.stderr, /can't be reached/);
});

test('refused credentials are an error for the agent and a message on stderr', async (t) => {
  const bridge = startBridge({ url: fixture.url, key: 'bwk_wrong' }, t);
  bridge.send(INITIALIZE);
  const { error } = await bridge.next();
  assert.match(error.message, /refuses the credentials: set BOARDWIRE_TOKEN or BOARDWIRE_API_KEY/);
  assert.deepEqual(await bridge.ended, [1, null]);
});

for (const [how, end] of [
  ['when its input ends', (child) => child.stdin.end()],
  ['on SIGTERM', (child) => child.kill('SIGTERM')],
]) {
  test(`ends ${how}, and ends its session`, async (t) => {
    const proxy = await startProxy(fixture.url);
    t.after(() => proxy.close());
    const bridge = startBridge({ url: proxy.url, key: fixture.ann }, t);
    bridge.send(INITIALIZE);
    assert.equal((await bridge.next()).result.serverInfo.name, 'boardwire');
    end(bridge.child);
    assert.deepEqual(await bridge.ended, [0, null]);
    assert.equal(await bridge.stderr, '');
    assert.equal(proxy.deleted(), 1);
  });
}

test('requests before the end of the input are answered', async (t) => {
  const bridge = startBridge({ url: fixture.url, key: fixture.ann }, t);
  bridge.send(INITIALIZE);
  bridge.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  bridge.send({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
  bridge.child.stdin.end();
  assert.equal((await bridge.next()).id, 1);
  const { id, result } = await bridge.next();
  assert.equal(id, 2);
  assert.ok(result.tools.length > 10);
  assert.deepEqual(await bridge.ended, [0, null]);
});

test('accepts batches, as revision 2025-03-26 defines them', async (t) => {
  const bridge = startBridge({ url: fixture.url, key: fixture.ann }, t);
  bridge.send({ ...INITIALIZE, params: { ...INITIALIZE.params, protocolVersion: '2025-03-26' } });
  assert.equal((await bridge.next()).result.protocolVersion, '2025-03-26');
  const ask = (id, method) => ({ jsonrpc: '2.0', id, method });
  bridge.send([{ jsonrpc: '2.0', method: 'notifications/initialized' }, ask(2, 'tools/list'), ask(3, 'ping')]);
  const answers = [await bridge.next(), await bridge.next()];
  assert.deepEqual(answers.map(({ id, result }) => [id, typeof result]).toSorted(), [
    [2, 'object'],
    [3, 'object'],
  ]);
});

test('subscriptions continue in a new session', async (t) => {
  const proxy = await startProxy(fixture.url);
  t.after(() => proxy.close());
  const way = WAYS.find(({ name }) => name === 'SDK 1 through boardwire mcp');
  const agent = await way.connect({ url: proxy.url, key: fixture.ann });
  t.after(() => agent.close());
  const { board } = await call(agent, 'create_board', { name: 'Lost and found' });
  const { resources } = await agent.client.listResources();
  const { uri } = resources.find((resource) => resource.uri.includes(board.id));
  const updated = [];
  await agent.watch(uri, (changed) => updated.push(changed));
  proxy.forget();
  await until(() => updated.length > 0, 'a notice that something may have changed meanwhile');
  assert.equal(proxy.sessions(), 2);
  updated.length = 0;
  await fixture.post(`/boards/${board.id}/tasks`, { title: 'In the new session' });
  await until(() => updated.includes(uri), 'an update in the new session');
});

test('--help shows how to configure an agent', async () => {
  const child = spawn(program(), ['mcp', '--help'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const help = await text(child.stdout);
  const { mcpServers } = JSON.parse(help.slice(help.indexOf('{\n'), help.lastIndexOf('}') + 1));
  assert.deepEqual(mcpServers.boardwire.args.slice(0, 1), ['mcp']);
});
