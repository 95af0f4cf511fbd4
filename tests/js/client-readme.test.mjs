// The samples in the README of @boardwire/client work when pasted: the first against the demo, the others with the parts that
// they leave to the reader.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createElement } from 'react';
import { create } from 'react-test-renderer';

import { until } from './random.mjs';
import { installClient, PACKAGE } from './client-installed.mjs';
import { patient } from './patience.mjs';
import { program, startPlainServer } from './server.mjs';

/** Returns the first sample in a language. */
function sample(language) {
  const readme = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
  return readme.match(new RegExp('```' + language + '\\n([\\s\\S]*?)```'))[1];
}

test('the first sample in the README of the client runs against the demo', { timeout: patient(60_000) }, async () => {
  const example = sample('js');
  const installed = await installClient();
  const demo = spawn(program(), ['demo', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const line = await new Promise((resolve, reject) => {
      createInterface({ input: demo.stdout }).once('line', resolve);
      demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)));
    });
    writeFileSync(join(installed.folder, 'client.mjs'), example.replace('127.0.0.1:3456', JSON.parse(line).listening));
    const client = spawn(process.execPath, ['client.mjs'], { cwd: installed.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [client.stdout, client.stderr]) stream.on('data', (data) => (output += data));
    const code = await new Promise((resolve) => client.once('close', resolve));
    assert.equal(code, 0, output);
    for (const wanted of [
      /alice sees \d+ tasks in 4 columns/,
      /at once: Say hello/,
      /confirmed: Say hello, as change \d+/,
      /alice sees: Say hello, and goodbye/,
    ]) {
      assert.match(output, wanted);
    }
  } finally {
    demo.kill('SIGTERM');
    installed.remove();
  }
});

test('the other samples in the README of the client compile and work', { timeout: patient(120_000) }, async (t) => {
  const installed = await installClient();
  t.after(() => installed.remove());
  const server = await startPlainServer();
  t.after(() => server.stop());
  const key = (user) => {
    server.run(['user', 'create', '--id', user, '--name', user]);
    return JSON.parse(server.run(['api-key', 'create', '--user', user, '--name', 'sample', '--json'])).key;
  };
  const connect = (user) => {
    const client = installed.client.connect(server.url, { apiKey: key(user) });
    t.after(() => client.close());
    return client;
  };
  const [ann, bob] = [connect('ann'), connect('bob')];

  const commands = `import type { Client } from "@boardwire/client";
    export async function run(client: Client, console: { log(...words: unknown[]): void }) {
      ${sample('ts')}
      return { board, stop, subscription };
    }`;
  const page = `${sample('tsx')}
    const Column = ({ tasks }: any) => <li>{tasks.map((task: any) => task.title).join(", ")}</li>;
    export { Page };`;
  writeFileSync(join(installed.folder, 'commands.ts'), commands);
  writeFileSync(join(installed.folder, 'page.tsx'), page);
  writeFileSync(join(installed.folder, 'package.json'), '{"type": "module"}');
  symlinkSync(join(PACKAGE, 'node_modules/@types'), join(installed.folder, 'node_modules/@types'));
  const strict = ['--strict', '--noImplicitAny', 'false', '--skipLibCheck', '--types', ''];
  const kind = ['--target', 'ES2022', '--module', 'NodeNext', '--moduleResolution', 'NodeNext', '--jsx', 'react-jsx'];
  const tsc = join(PACKAGE, 'node_modules/.bin/tsc');
  try {
    execFileSync(tsc, [...strict, ...kind, 'commands.ts', 'page.tsx'], { cwd: installed.folder });
  } catch (error) {
    throw new Error(`${error.stdout}`);
  }
  const compiled = (name) => import(pathToFileURL(join(installed.folder, name)).href);

  const logged = [];
  const { board, stop, subscription } = await (await compiled('commands.js')).run(ann, { log: (...words) => logged.push(words) });
  await ann.send('board:member:set', { boardId: board.id, userId: 'bob', role: 'member' });
  const { columns } = await bob.send('board:get', { boardId: board.id });
  const { task } = await bob.send('task:create', { boardId: board.id, title: 'Say hello' });
  await bob.send('task:move', { taskId: task.id, toColumn: columns[1].id });
  await until(
    'both handlers to be called',
    () => logged.some(([title, to]) => title === 'Say hello' && to === columns[1].id) && logged.some(([type]) => type === 'task:created'),
  );
  stop();
  subscription.close?.();

  const { Page } = await compiled('page.js');
  const shown = create(createElement(Page, { client: ann, boardId: board.id }));
  t.after(() => shown.unmount());
  await until('the page', () => JSON.stringify(shown.toJSON()).includes('Say hello'));
});
