// Real browsers for the tests of this folder: people who sign in, in windows of their own.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { patient } from '../js/patience.mjs';

const PASSWORD = 'correct horse battery staple';
const here = dirname(fileURLToPath(import.meta.url));

/** Where screenshots are kept. */
export const SCREENSHOTS = resolve(process.env.BOARDWIRE_SCREENSHOTS ?? join(here, '../../target/xtask/screenshots'));

/** Without a sandbox, which needs rights that containers do not give; and without a word to anybody else. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a browser, with more flags of its own. */
export function launch(...flags) {
  return chromium.launch({ executablePath: process.env.BOARDWIRE_CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...flags] });
}

/** Makes a user who signs in with a password. */
export function addUser(server, id, permissions = 'read,write', name = id[0].toUpperCase() + id.slice(1)) {
  server.run(['user', 'create', '--id', id, '--name', name, '--permissions', permissions, '--password-stdin'], `${PASSWORD}\n`);
}

/**
 * A window of somebody who has signed in with a password, at a path. `errors` fills with what the page complains of: errors
 * of scripts, and what the content policy refused. With `clock` its time can be set on.
 */
export async function openWindow(browser, url, user, path = '/', { clock = false, ...rest } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...rest });
  const page = await context.newPage();
  if (clock) await page.clock.install();
  page.setDefaultTimeout(patient(30_000));
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && /content security policy|uncaught/i.test(message.text())) page.errors.push(message.text());
  });
  await page.goto(url + path);
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await waitUntilLive(page);
  return page;
}

/** Waits until the page says that it is live. */
export async function waitUntilLive(page) {
  await page.locator('[data-testid=connection][data-state=live]').waitFor();
}

/** Reloads a page, and waits until it is live. */
export async function reload(page) {
  await page.reload();
  await waitUntilLive(page);
}

/** Keeps what a page shows, for people to look at. */
export async function saveScreenshot(page, name) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

export const column = (page, name) => page.locator('[data-testid=column]', { has: page.getByRole('heading', { name, exact: true }) });
export const card = (page, title) => page.locator('[data-testid=card]', { hasText: title });

/** The titles of a column's cards, in order. */
export function titles(page, name) {
  return column(page, name).locator('[data-testid=card-title]').allTextContents();
}

/** Drags something onto something else with the mouse, as a hand would: down, a little, there, up. */
export async function drag(page, what, onto) {
  const from = await what.boundingBox();
  const to = await onto.boundingBox();
  const [x, y] = [from.x + from.width / 2, from.y + from.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + 10, { steps: 3 });
  await page.mouse.move(to.x + to.width / 2, to.y + Math.min(to.height / 2, 80), { steps: 12 });
  await page.waitForTimeout(150);
  await page.mouse.up();
}

export async function openCard(page, title) {
  await card(page, title).click();
  await page.getByTestId('card-page').waitFor();
}

const PATIENCE_MS = patient(30_000);

/** Looks again and again until what is there is what is expected. */
export async function eventually(look, expected) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    try {
      assert.deepEqual(found, expected);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
