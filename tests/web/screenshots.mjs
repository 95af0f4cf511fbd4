// Renews the images in docs/images from the board of `boardwire demo`: `node screenshots.mjs`, with the program in BOARDWIRE_BIN or in
// target/debug.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { program } from '../js/server.mjs';
import { card, column, drag, launch, openCard, waitUntilLive } from './browser.mjs';

const IMAGES = resolve(dirname(fileURLToPath(import.meta.url)), '../../docs/images');
const SIZE = { width: 1280, height: 760 };
/** The size for the page of a card, which needs more height. */
const CARD_SIZE = { width: 1280, height: 860 };
/** How long after a move by somebody else to take the image, in milliseconds: the card glows then. */
const GLOW_MS = 500;

const folder = mkdtempSync(join(tmpdir(), 'boardwire-screenshots-'));
const demo = spawn(program(), ['demo', '--listen', '127.0.0.1:0'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
const browser = await launch();
try {
  const line = await new Promise((listening) => createInterface({ input: demo.stdout }).once('line', listening));
  const url = `http://${JSON.parse(line).listening}`;
  const { board } = await (await fetch(`${url}/demo.json`)).json();
  const openAs = async (user, options) => {
    const context = await browser.newContext({ viewport: SIZE, timezoneId: 'UTC', ...options });
    const page = await context.newPage();
    await page.goto(`${url}/boards/${board}#demo=${user}`);
    await waitUntilLive(page);
    return page;
  };
  const save = (page, name) => page.screenshot({ path: join(IMAGES, `${name}.png`) });

  const alice = await openAs('alice');
  const bob = await openAs('bob', { colorScheme: 'dark' });

  // Bob types on a card that Alice sees on the board.
  await openCard(bob, 'Resume after a dropped connection');
  await bob.getByLabel('Comment', { exact: true }).pressSequentially('Looks good');
  await alice.getByTestId('card-typing').waitFor();
  await save(alice, 'board');
  await bob.getByLabel('Comment', { exact: true }).fill('');
  await bob.getByRole('button', { name: 'Close', exact: true }).click();

  await alice.setViewportSize(CARD_SIZE);
  await openCard(alice, 'Write the release notes');
  await alice.getByTestId('comment').first().waitFor();
  await save(alice, 'card');
  await alice.getByRole('button', { name: 'Close', exact: true }).click();
  await alice.setViewportSize(SIZE);

  // Alice moves a card, which glows on Bob's board.
  await bob.mouse.move(0, SIZE.height - 1);
  await drag(alice, card(alice, 'Import boards from a spreadsheet'), card(alice, 'Write the release notes'));
  await card(column(bob, 'Next'), 'Import boards from a spreadsheet').waitFor();
  await bob.waitForTimeout(GLOW_MS);
  await save(bob, 'board-dark');
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
