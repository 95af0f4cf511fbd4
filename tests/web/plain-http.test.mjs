// The page over plain HTTP at an address that browsers do not trust, like that of another machine in the network. The browser resolves
// a name to 127.0.0.1 for this: at 127.0.0.1 itself it would keep cookies that are for HTTPS only.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer } from '../js/server.mjs';
import { addUser, card, column, saveScreenshot, launch, openWindow } from './browser.mjs';
import { violationsOf } from './accessibility.mjs';

const NAME = 'board.test';

describe('the page over plain HTTP', () => {
  let browser;
  const servers = [];
  before(async () => {
    browser = await launch(`--host-resolver-rules=MAP ${NAME} 127.0.0.1`);
  });
  after(async () => {
    await browser?.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** Starts a server with a user. Returns its address with the name. */
  async function start(secure) {
    const server = await startServer({ BOARDWIRE_SECURE_COOKIES: secure });
    servers.push(server);
    addUser(server, 'ann');
    return server.url.replace('127.0.0.1', NAME);
  }

  test('says what to do if the server requires HTTPS for sessions', async () => {
    const url = await start('true');
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    assert.equal(await page.evaluate(() => isSecureContext), false);
    await page.getByLabel('User').fill('ann');
    await page.getByLabel('Password').fill('correct horse battery staple');
    const signedIn = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: 'Sign in' }).click();
    assert.equal((await signedIn).status(), 201, 'the password is right');
    const alert = page.getByRole('alert');
    await alert.getByText(/Open it with https:/).waitFor();
    await alert.getByText(/--secure-cookies false/).waitFor();
    await page.getByRole('button', { name: 'Sign in', exact: true, disabled: false }).waitFor();
    await saveScreenshot(page, 'sign-in-not-kept');
    assert.deepEqual(await violationsOf(page), []);
    await context.close();
  });

  test('works if the server allows sessions over plain HTTP', async () => {
    const page = await openWindow(browser, await start('false'), 'ann');
    await page.getByRole('button', { name: 'New board' }).first().click();
    await page.getByLabel('Name').fill('At home');
    await page.getByRole('button', { name: 'Create board' }).click();
    await column(page, 'To Do').getByRole('button', { name: 'New card', exact: true }).click();
    await page.getByLabel('Title of the new card in To Do').fill('Water the plants');
    await page.keyboard.press('Enter');
    await card(page, 'Water the plants').waitFor();
    await page.reload();
    await card(page, 'Water the plants').waitFor();
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
});
