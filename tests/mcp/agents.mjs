// The ways in which an agent connects: SDK 2 for TypeScript, and a release of SDK 1 for each earlier revision of the protocol, over
// HTTP and through `boardwire mcp`. All ways offer the same functions, so that each test is written once.
import assert from 'node:assert/strict';

import * as sdk2 from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioTransport2 } from '@modelcontextprotocol/client/stdio';

import { patient } from '../js/patience.mjs';
import { program } from '../js/server.mjs';

const CLIENT_INFO = { name: 'boardwire-tests', version: '1.0.0' };

/** Returns the arguments of a transport over HTTP. */
const http = ({ url, key }) => [new URL('/mcp', url), { requestInit: { headers: key ? { Authorization: `Bearer ${key}` } : {} } }];

/** Returns the arguments of a transport through `boardwire mcp`. */
export const stdio = ({ url, key }) => {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BOARDWIRE_'));
  const env = { ...Object.fromEntries(inherited), ...(key ? { BOARDWIRE_API_KEY: key } : {}) };
  return [{ command: program(), args: ['mcp', '--url', url], env, stderr: 'pipe' }];
};

async function agentOfSdk1(release, transport) {
  const { Client } = await import(`${release}/client/index.js`);
  const { ResourceUpdatedNotificationSchema } = await import(`${release}/types.js`);
  const client = new Client(CLIENT_INFO, { capabilities: {} });
  const revision = negotiated(transport);
  await client.connect(transport);
  const errors = [];
  client.onerror = (error) => errors.push(error);
  return {
    client,
    revision: await revision,
    async watch(uri, onUpdate) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => onUpdate(params.uri));
      await client.subscribeResource({ uri });
    },
    async close() {
      if (errors.length > 0) throw new AggregateError(errors, 'the SDK reported errors');
      await transport.terminateSession?.();
      await client.close();
    },
  };
}

/** Reads the revision from the first answer, because not all releases of the SDK expose it. */
function negotiated(transport) {
  return new Promise((resolve) => {
    const { start } = transport;
    transport.start = () => {
      const { onmessage } = transport;
      transport.onmessage = (message, ...more) => {
        if (message.result?.protocolVersion) resolve(message.result.protocolVersion);
        onmessage(message, ...more);
      };
      return start.call(transport);
    };
  });
}

async function agentOfSdk2(transport) {
  const client = new sdk2.Client(CLIENT_INFO, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport);
  let open;
  return {
    client,
    revision: client.getNegotiatedProtocolVersion(),
    async watch(uri, onUpdate) {
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => onUpdate(params.uri));
      open = await client.listen({ resourceSubscriptions: [uri] });
    },
    async close() {
      await open?.close();
      await client.close();
    },
  };
}

/** Returns the ways for a release of SDK 1; `release` is its package. The first releases have no streamable HTTP. */
const waysOfSdk1 = (name, release, revision, supportsHttp = true) => [
  ...(supportsHttp
    ? [
        {
          name: `${name} over HTTP`,
          revision,
          async connect(to) {
            const { StreamableHTTPClientTransport } = await import(`${release}/client/streamableHttp.js`);
            return agentOfSdk1(release, new StreamableHTTPClientTransport(...http(to)));
          },
        },
      ]
    : []),
  {
    name: `${name} through boardwire mcp`,
    revision,
    async connect(to) {
      const { StdioClientTransport } = await import(`${release}/client/stdio.js`);
      return agentOfSdk1(release, new StdioClientTransport(...stdio(to)));
    },
  },
];

/** The ways; `connect({url, key})` returns an agent. */
export const WAYS = [
  ...waysOfSdk1('SDK 1 of November 2024', 'sdk-2024-11-05', '2024-11-05', false),
  ...waysOfSdk1('SDK 1 of March 2025', 'sdk-2025-03-26', '2025-03-26'),
  ...waysOfSdk1('SDK 1 of June 2025', 'sdk-2025-06-18', '2025-06-18'),
  ...waysOfSdk1('SDK 1', '@modelcontextprotocol/sdk', '2025-11-25'),
  {
    name: 'SDK 2 over HTTP',
    revision: '2026-07-28',
    connect: (to) => agentOfSdk2(new sdk2.StreamableHTTPClientTransport(...http(to))),
  },
  { name: 'SDK 2 through boardwire mcp', revision: '2026-07-28', connect: (to) => agentOfSdk2(new StdioTransport2(...stdio(to))) },
];

/** Calls a tool that must succeed. Returns its answer. */
export async function call({ client }, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError) throw new Error(`${name} was refused: ${JSON.stringify(result.structuredContent ?? result.content)}`);
  const answer = JSON.parse(result.content[0].text);
  // Releases before 2025-06-18 return only the text.
  if (result.structuredContent) assert.deepEqual(result.structuredContent, answer);
  return answer;
}

/** Waits until `check` returns a true value, and returns that. `what` names it in the error. */
export async function until(check, what, patience = patient(30_000)) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
