// The client in the README works when pasted, against the demo of the README.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { program } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** Returns the first line that a program prints. */
function firstLine(child) {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`it ended with ${code} before it printed anything`)));
  });
}

test('the sample in the README works', async () => {
  const readme = readFileSync(resolve(here, '../../README.md'), 'utf8');
  const [, snippet] = readme.match(/```js\n([\s\S]*?)```/);
  const demo = spawn(program(), ['demo', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  // Beside node_modules, so that it finds the client as it would after `npm install socket.io-client`.
  const folder = mkdtempSync(join(here, 'readme-'));
  try {
    const { listening } = JSON.parse(await firstLine(demo));
    writeFileSync(join(folder, 'client.mjs'), snippet.replace('127.0.0.1:3456', listening));
    const client = spawn(process.execPath, ['client.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [client.stdout, client.stderr]) stream.on('data', (data) => (output += data));
    const code = await new Promise((resolve) => client.once('close', resolve));
    assert.equal(code, 0, output);
    for (const line of [
      /alice views the board as of event \d+/,
      /alice hears task:created \d+ Say hello/,
      /alice hears task:assigned/,
      /alice hears task:completed/,
      /bob is done, as of event \d+/,
    ]) {
      assert.match(output, line);
    }
  } finally {
    rmSync(folder, { recursive: true });
    demo.kill('SIGTERM');
  }
  assert.equal(await new Promise((resolve) => demo.once('exit', resolve)), 0, 'the demo ends successfully');
});
