// Real browsers for the tests of this folder, with a window for each signed-in user.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { patient } from '../js/patience.mjs';

const PASSWORD = 'correct horse battery staple';
const here = dirname(fileURLToPath(import.meta.url));

/** The folder for screenshots. */
export const SCREENSHOTS = resolve(process.env.BOARDWIRE_SCREENSHOTS ?? join(here, '../../target/xtask/screenshots'));

/** No sandbox, which needs rights that containers don't give, and no requests to other services. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a browser with additional flags. */
export function launch(...flags) {
  return chromium.launch({ executablePath: process.env.BOARDWIRE_CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...flags] });
}

/** Creates a user who signs in with a password. */
export function addUser(server, id, permissions = 'read,write', name = id[0].toUpperCase() + id.slice(1)) {
  server.run(['user', 'create', '--id', id, '--name', name, '--permissions', permissions, '--password-stdin'], `${PASSWORD}\n`);
}

/**
 * Opens a window at a path, and signs a user in with a password. `page.errors` collects errors of scripts and violations of the
 * content policy. With `clock` its time can be advanced.
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

/** Saves a screenshot for people to look at. */
export async function saveScreenshot(page, name) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

export const column = (page, name) => page.locator('[data-testid=column]', { has: page.getByRole('heading', { name, exact: true }) });
export const card = (page, title) => page.locator('[data-testid=card]', { hasText: title });

/** Returns the titles of a column's cards, in order. */
export function titles(page, name) {
  return column(page, name).locator('[data-testid=card-title]').allTextContents();
}

/** Drags an element onto another with the mouse: down, a small move, the whole move, up. */
export async function drag(page, element, target) {
  const from = await element.boundingBox();
  const to = await target.boundingBox();
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

/** Repeats `look` until it returns what is expected. */
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
