// The operator's page: live figures, connected users, ending connections; and what other users see instead.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { token } from '../js/server.mjs';
import { startApi } from './api.mjs';
import { addUser, eventually, saveScreenshot, waitUntilLive } from './browser.mjs';
import { violationsOf } from './accessibility.mjs';
import { expectNoErrors, closeWindows, startFixture } from './fixture.mjs';

describe('the operator’s page', () => {
  const fixture = startFixture('ann', 'bob');
  before(async () => {
    addUser(fixture.server, 'dora', 'read', 'dora');
    addUser(fixture.server, 'root', 'read,write,admin');
    await fixture.api.board('busy', { bob: 'member' });
  });

  const figure = async (page, name) => Number((await page.getByTestId(`figure-${name}`).locator('strong').textContent()).replaceAll(',', ''));

  test('shows connections, users and boards live', async () => {
    const root = await fixture.openWindow('root');
    await root.getByRole('button', { name: /account/ }).click();
    await root.getByRole('menuitem', { name: 'Operator' }).click();
    await root.getByTestId('user-root').waitFor();
    // The page's own connections: its socket, and the stream of these figures.
    await eventually(() => figure(root, 'connections'), 2);
    const bob = await fixture.openWindow('bob', '/boards/busy');
    await root.getByTestId('user-bob').getByText('1 socket').waitFor();
    await eventually(() => figure(root, 'connections'), 3);
    assert.match(await root.getByTestId('user-bob').textContent(), /^Bob bob/);
    const dora = await fixture.openWindow('dora');
    const row = root.getByTestId('user-dora');
    await row.getByText('1 socket').waitFor();
    assert.match(await row.textContent(), /^dora\s*1 socket/, 'a name that equals the id is shown once');
    await closeWindows(dora);
    await eventually(() => figure(root, 'connections'), 3);
    for (let number = 0; number < 5; number += 1) await fixture.api.task('busy', { title: `Card ${number}` });
    const boards = root.getByRole('region', { name: 'Busiest boards' });
    await boards.getByRole('link', { name: 'busy' }).waitFor();
    await boards.getByText('1 viewing').waitFor();
    assert.deepEqual(await violationsOf(root), []);
    await saveScreenshot(root, 'operator');
    await root.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await violationsOf(root), []);
    await saveScreenshot(root, 'operator-dark');
    await root.setViewportSize({ width: 390, height: 800 });
    const wide = await root.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false, 'nothing overflows on a phone');
    await saveScreenshot(root, 'operator-phone');
    await closeWindows(bob);
    await eventually(() => figure(root, 'connections'), 2);
    expectNoErrors(root);
    await closeWindows(root);
  });

  test('a disconnected user reconnects and continues', async () => {
    const [root, bob] = await Promise.all([fixture.openWindow('root', '/operator'), fixture.openWindow('bob', '/boards/busy')]);
    await bob.evaluate(() => {
      globalThis.states = [];
      const line = document.querySelector('[data-testid=connection]');
      new MutationObserver(() => globalThis.states.push(line.dataset.state)).observe(line, { attributes: true });
    });
    await root.getByRole('button', { name: 'Disconnect Bob' }).click();
    const dialog = root.getByRole('alertdialog', { name: 'Disconnect Bob?' });
    await saveScreenshot(root, 'operator-disconnect');
    await dialog.getByRole('button', { name: 'Disconnect' }).click();
    await root.getByText('Bob: 1 connection ended.').waitFor();
    await eventually(() => bob.evaluate(() => globalThis.states.includes('reconnecting')), true);
    await waitUntilLive(bob);
    await fixture.api.task('busy', { title: 'After that' });
    await bob.getByText('After that').waitFor();
    await closeWindows(root, bob);
  });

  test('keeps the last figures, with their time, while the server is down', async () => {
    const root = await fixture.openWindow('root', '/operator');
    await root.getByTestId('user-root').waitFor();
    await root.route('**/api/v1/operator', (route) => route.abort());
    await startApi(fixture.server.url, token('root', ['read', 'write', 'admin'])).send('POST', '/operator/users/root/disconnect');
    await root.getByText(/These figures are from/).waitFor();
    await root.unroute('**/api/v1/operator');
    await root.getByText(/These figures are from/).waitFor({ state: 'detached' });
    await closeWindows(root);
  });

  test('tells users who are not admins that the page is for admins', async () => {
    const bob = await fixture.openWindow('bob', '/operator');
    await bob.getByRole('heading', { name: 'This page is for admins' }).waitFor();
    await bob.getByRole('button', { name: /account/ }).click();
    assert.equal(await bob.getByRole('menuitem', { name: 'Operator' }).count(), 0);
    assert.deepEqual(await violationsOf(bob), []);
    await closeWindows(bob);
  });
});
