// What operators look at: figures that move, who is connected, ending connections; and what others get of it.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { token } from '../js/server.mjs';
import { startApi } from './api.mjs';
import { addUser, eventually, keep, live } from './browser.mjs';
import { faultsOf } from './accessibility.mjs';
import { clean, close, startStage } from './stage.mjs';

describe('the operator’s page', () => {
  const stage = startStage('ann', 'bob');
  before(async () => {
    addUser(stage.server, 'dora', 'read', 'dora');
    addUser(stage.server, 'root', 'read,write,admin');
    await stage.api.board('busy', { bob: 'member' });
  });

  const figure = async (page, name) => Number((await page.getByTestId(`figure-${name}`).locator('strong').textContent()).replaceAll(',', ''));

  test('shows connections, users and boards live', async () => {
    const root = await stage.windowOf('root');
    await root.getByRole('button', { name: /account/ }).click();
    await root.getByRole('menuitem', { name: 'Operator' }).click();
    await root.getByTestId('user-root').waitFor();
    // Its own: the page's socket, and the stream of these figures.
    await eventually(() => figure(root, 'connections'), 2);
    const bob = await stage.windowOf('bob', '/boards/busy');
    await root.getByTestId('user-bob').getByText('1 socket').waitFor();
    await eventually(() => figure(root, 'connections'), 3);
    assert.match(await root.getByTestId('user-bob').textContent(), /^Bob bob/);
    const dora = await stage.windowOf('dora');
    const row = root.getByTestId('user-dora');
    await row.getByText('1 socket').waitFor();
    assert.match(await row.textContent(), /^dora\s*1 socket/, 'who is called as the id is is named once');
    await close(dora);
    await eventually(() => figure(root, 'connections'), 3);
    for (let number = 0; number < 5; number += 1) await stage.api.task('busy', { title: `Card ${number}` });
    const boards = root.getByRole('region', { name: 'Busiest boards' });
    await boards.getByRole('link', { name: 'busy' }).waitFor();
    await boards.getByText('1 viewing').waitFor();
    assert.deepEqual(await faultsOf(root), []);
    await keep(root, 'operator');
    await root.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await faultsOf(root), []);
    await keep(root, 'operator-dark');
    await root.setViewportSize({ width: 390, height: 800 });
    const wide = await root.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false, 'nothing sticks out on a phone');
    await keep(root, 'operator-phone');
    await close(bob);
    await eventually(() => figure(root, 'connections'), 2);
    clean(root);
    await close(root);
  });

  test('a disconnected user reconnects and continues', async () => {
    const [root, bob] = await Promise.all([stage.windowOf('root', '/operator'), stage.windowOf('bob', '/boards/busy')]);
    await bob.evaluate(() => {
      globalThis.states = [];
      const line = document.querySelector('[data-testid=connection]');
      new MutationObserver(() => globalThis.states.push(line.dataset.state)).observe(line, { attributes: true });
    });
    await root.getByRole('button', { name: 'Disconnect Bob' }).click();
    const dialog = root.getByRole('alertdialog', { name: 'Disconnect Bob?' });
    await keep(root, 'operator-disconnect');
    await dialog.getByRole('button', { name: 'Disconnect' }).click();
    await root.getByText('Bob: 1 connection ended.').waitFor();
    await eventually(() => bob.evaluate(() => globalThis.states.includes('reconnecting')), true);
    await live(bob);
    await stage.api.task('busy', { title: 'After that' });
    await bob.getByText('After that').waitFor();
    await close(root, bob);
  });

  test('keeps the last figures, with their time, while the server is down', async () => {
    const root = await stage.windowOf('root', '/operator');
    await root.getByTestId('user-root').waitFor();
    await root.route('**/api/v1/operator', (route) => route.abort());
    await startApi(stage.server.url, token('root', ['read', 'write', 'admin'])).send('POST', '/operator/users/root/disconnect');
    await root.getByText(/These figures are from/).waitFor();
    await root.unroute('**/api/v1/operator');
    await root.getByText(/These figures are from/).waitFor({ state: 'detached' });
    await close(root);
  });

  test('tells users who are not admins that the page is for admins', async () => {
    const bob = await stage.windowOf('bob', '/operator');
    await bob.getByRole('heading', { name: 'This page is for admins' }).waitFor();
    await bob.getByRole('button', { name: /account/ }).click();
    assert.equal(await bob.getByRole('menuitem', { name: 'Operator' }).count(), 0);
    assert.deepEqual(await faultsOf(bob), []);
    await close(bob);
  });
});
