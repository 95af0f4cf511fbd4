// One agent, four ways: both generations of the TypeScript SDK, over HTTP and through `boardwire mcp`. Each way offers
// the same few functions, so that a test is written once.
import * as two from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

import { patient } from '../js/patience.mjs';
import { program } from '../js/server.mjs';

const ME = { name: 'boardwire-tests', version: '1.0.0' };

/** What a transport over HTTP is made from. */
const http = ({ url, key }) => [
  new URL('/mcp', url),
  { requestInit: { headers: key ? { Authorization: `Bearer ${key}` } : {} } },
];

/** What a transport through `boardwire mcp` is made from. */
export const stdio = ({ url, key }) => {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('BOARDWIRE_'));
  const env = { ...Object.fromEntries(outside), ...(key ? { BOARDWIRE_API_KEY: key } : {}) };
  return [{ command: program(), args: ['mcp', '--url', url], env, stderr: 'pipe' }];
};

async function first(transport) {
  const client = new Client1(ME);
  await client.connect(transport);
  return {
    client,
    revision: '2025-11-25',
    async watch(uri, heard) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => heard(params.uri));
      await client.subscribeResource({ uri });
    },
    async close() {
      await transport.terminateSession?.();
      await client.close();
    },
  };
}

async function second(transport) {
  const client = new two.Client(ME, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport);
  let open;
  return {
    client,
    revision: client.getNegotiatedProtocolVersion(),
    async watch(uri, heard) {
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => heard(params.uri));
      open = await client.listen({ resourceSubscriptions: [uri] });
    },
    async close() {
      await open?.close();
      await client.close();
    },
  };
}

/** The ways; `connect({url, key})` gives an agent. */
export const WAYS = [
  { name: 'SDK 1 over HTTP', revision: '2025-11-25', connect: (to) => first(new Http1(...http(to))) },
  { name: 'SDK 1 through boardwire mcp', revision: '2025-11-25', connect: (to) => first(new Stdio1(...stdio(to))) },
  {
    name: 'SDK 2 over HTTP',
    revision: '2026-07-28',
    connect: (to) => second(new two.StreamableHTTPClientTransport(...http(to))),
  },
  { name: 'SDK 2 through boardwire mcp', revision: '2026-07-28', connect: (to) => second(new Stdio2(...stdio(to))) },
];

/** Calls a tool that must succeed; its answer. */
export async function call({ client }, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError) throw new Error(`${name} was refused: ${JSON.stringify(result.structuredContent ?? result.content)}`);
  return result.structuredContent;
}

/** Waits until `check` gives something, but not for ever. */
export async function until(check, what, patience = patient(30_000)) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
