// The guide for agents, as printed: its configurations connect an agent, and its loop works, on a server with default settings.
// Only the address and the key are replaced.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { program, startPlainServer } from '../js/server.mjs';

const GUIDE = readFileSync(resolve(dirname(fileURLToPath(import.meta.url)), '../../docs/guides/AGENTS.md'), 'utf8');

/** Starts a server. Returns it with the guide's configurations for it. */
async function start() {
  const server = await startPlainServer();
  server.run(['user', 'create', '--id', 'scout', '--name', 'Scout', '--agent', '--permissions', 'read,write']);
  const { key } = JSON.parse(server.run(['api-key', 'create', '--user', 'scout', '--name', 'laptop', '--json']));
  const samples = [...GUIDE.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => {
    const adapted = text.replace('http://127.0.0.1:3456', server.url).replace('https://board.example', server.url);
    return JSON.parse(adapted.replace('bwk_…', key));
  });
  return { server, samples };
}

/** Calls a tool as the guide says: after a rate limit it waits, and tries again. */
async function call(client, name, args) {
  for (;;) {
    const { isError, structuredContent: answer } = await client.callTool({ name, arguments: args });
    if (!isError) return answer;
    assert.equal(answer.code, 'RATE_LIMIT', `${name}: ${JSON.stringify(answer)}`);
    await sleep(answer.retryAfter * 1000);
  }
}

/** The transports that an agent's program makes from its configuration. */
const WAYS = {
  'on stdio': (samples) => {
    const { command, args, env } = samples[0].mcpServers.boardwire;
    const PATH = `${dirname(program())}${delimiter}${process.env.PATH}`;
    return new StdioClientTransport({ command, args, env: { PATH, ...env }, stderr: 'inherit' });
  },
  'over HTTP': (samples) => {
    const { type, url, headers } = samples[1].mcpServers.boardwire;
    assert.equal(type, 'http');
    return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  },
};

for (const [way, transport] of Object.entries(WAYS)) {
  test(`the loop of the guide works, ${way}`, async (t) => {
    const { server, samples } = await start();
    t.after(() => server.stop());
    const client = new Client({ name: 'guide', version: '1' });
    await client.connect(transport(samples));
    t.after(() => client.close());
    const { board } = await call(client, 'create_board', { name: 'Work' });
    const boardId = board.id;
    for (const title of ['One', 'Two']) await call(client, 'create_task', { boardId, title });

    const { task } = await call(client, 'claim_next_task', { boardId, ttl: 300, agent: 'scout-1' });
    const held = { taskId: task.id, fence: task.lease.fence };
    await call(client, 'get_task', { taskId: task.id });
    await call(client, 'update_task', { ...held, updates: { description: 'Begun' } });
    await call(client, 'add_comment', { taskId: task.id, body: 'Half of it is done' });
    await call(client, 'renew_claim', held);
    await call(client, 'complete_task', held);

    // Waiting, with the guide's arguments and this board's `seq` and `epoch`.
    const [, , wait] = samples;
    const { seq, epoch } = await call(client, 'get_board', { boardId, fields: ['seq', 'epoch'] });
    const waiting = call(client, 'wait_for_changes', { ...wait, boardId, since: seq, epoch });
    const second = await call(client, 'claim_next_task', { boardId });
    const changes = await waiting;
    assert.equal(changes.recovered, true);
    assert.equal(changes.events[0].seq, seq + 1);
    await call(client, 'release_task', { taskId: second.task.id, fence: second.task.lease.fence });

    // Answers with fewer fields.
    const fields = ['columns.id', 'columns.name', 'tasks.id', 'tasks.title'];
    assert.ok(GUIDE.includes(`\`${JSON.stringify(fields).replaceAll(',', ', ')}\``), 'the fields are those of the guide');
    const { columns, tasks } = await call(client, 'get_board', { boardId, fields });
    assert.deepEqual(
      [Object.keys(columns[0]), Object.keys(tasks[0])],
      [
        ['id', 'name'],
        ['id', 'title'],
      ],
    );
  });
}
