// The example in the README of @boardwire/client works as it is pasted, against the demo.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { installClient, PACKAGE } from './client-installed.mjs';
import { program } from './server.mjs';

test('the example in the README of the client', { timeout: 60_000 }, async () => {
  const [, example] = readFileSync(join(PACKAGE, 'README.md'), 'utf8').match(/```js\n([\s\S]*?)```/);
  const installed = await installClient();
  const demo = spawn(program(), ['demo', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const line = await new Promise((give, fail) => {
      createInterface({ input: demo.stdout }).once('line', give);
      demo.once('exit', (code) => fail(new Error(`the demo ended with ${code}`)));
    });
    writeFileSync(join(installed.folder, 'client.mjs'), example.replace('127.0.0.1:3456', JSON.parse(line).listening));
    const client = spawn(process.execPath, ['client.mjs'], { cwd: installed.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [client.stdout, client.stderr]) stream.on('data', (data) => (said += data));
    const code = await new Promise((give) => client.once('close', give));
    assert.equal(code, 0, said);
    for (const wanted of [/alice sees \d+ tasks in 4 columns/, /at once: Say hello/, /confirmed: Say hello, as change \d+/, /alice sees: Say hello, and goodbye/]) {
      assert.match(said, wanted);
    }
  } finally {
    demo.kill('SIGTERM');
    installed.remove();
  }
});
