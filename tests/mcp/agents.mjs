// One agent, many ways: both generations of the TypeScript SDK, and releases of the first for each revision of the
// protocol, over HTTP and through `boardwire mcp`. Each way offers the same few functions, so that a test is written once.
import assert from 'node:assert/strict';

import * as two from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio';

import { patient } from '../js/patience.mjs';
import { program } from '../js/server.mjs';

const ME = { name: 'boardwire-tests', version: '1.0.0' };

/** What a transport over HTTP is made from. */
const http = ({ url, key }) => [new URL('/mcp', url), { requestInit: { headers: key ? { Authorization: `Bearer ${key}` } : {} } }];

/** What a transport through `boardwire mcp` is made from. */
export const stdio = ({ url, key }) => {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('BOARDWIRE_'));
  const env = { ...Object.fromEntries(outside), ...(key ? { BOARDWIRE_API_KEY: key } : {}) };
  return [{ command: program(), args: ['mcp', '--url', url], env, stderr: 'pipe' }];
};

async function first(release, transport) {
  const { Client } = await import(`${release}/client/index.js`);
  const { ResourceUpdatedNotificationSchema } = await import(`${release}/types.js`);
  const client = new Client(ME, { capabilities: {} });
  const revision = negotiated(transport);
  await client.connect(transport);
  const faults = [];
  client.onerror = (error) => faults.push(error);
  return {
    client,
    revision: await revision,
    async watch(uri, heard) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => heard(params.uri));
      await client.subscribeResource({ uri });
    },
    async close() {
      if (faults.length > 0) throw new AggregateError(faults, 'the SDK met what it does not know');
      await transport.terminateSession?.();
      await client.close();
    },
  };
}

/** The revision in the first answer, which not all releases keep. */
function negotiated(transport) {
  return new Promise((give) => {
    const { start } = transport;
    transport.start = () => {
      const { onmessage } = transport;
      transport.onmessage = (message, ...more) => {
        if (message.result?.protocolVersion) give(message.result.protocolVersion);
        onmessage(message, ...more);
      };
      return start.call(transport);
    };
  });
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

/** The ways of a release of SDK 1, by the name of its package here. The first releases know no streamable HTTP. */
const one = (name, release, revision, knowsHttp = true) => [
  ...(knowsHttp
    ? [
        {
          name: `${name} over HTTP`,
          revision,
          async connect(to) {
            const { StreamableHTTPClientTransport } = await import(`${release}/client/streamableHttp.js`);
            return first(release, new StreamableHTTPClientTransport(...http(to)));
          },
        },
      ]
    : []),
  {
    name: `${name} through boardwire mcp`,
    revision,
    async connect(to) {
      const { StdioClientTransport } = await import(`${release}/client/stdio.js`);
      return first(release, new StdioClientTransport(...stdio(to)));
    },
  },
];

/** The ways; `connect({url, key})` gives an agent. */
export const WAYS = [
  ...one('SDK 1 of November 2024', 'sdk-2024-11-05', '2024-11-05', false),
  ...one('SDK 1 of March 2025', 'sdk-2025-03-26', '2025-03-26'),
  ...one('SDK 1 of June 2025', 'sdk-2025-06-18', '2025-06-18'),
  ...one('SDK 1', '@modelcontextprotocol/sdk', '2025-11-25'),
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
  const answer = JSON.parse(result.content[0].text);
  // Releases before 2025-06-18 know the text alone.
  if (result.structuredContent) assert.deepEqual(result.structuredContent, answer);
  return answer;
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
