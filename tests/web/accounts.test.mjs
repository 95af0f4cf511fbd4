// Signing in and out, the list of boards, members, and what a page looks like to who may not.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer, token } from '../js/server.mjs';
import { startApi } from './api.mjs';
import { addUser, eventually, keep, launch, live, windowOf } from './browser.mjs';
import { faultsOf } from './accessibility.mjs';

describe('accounts and boards', () => {
  let server, browser;
  before(async () => {
    server = await startServer();
    addUser(server, 'ann');
    addUser(server, 'bob');
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('a wrong password is refused with a reason, and the right one signs in', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByLabel('User').fill('ann');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await keep(page, 'sign-in-refused');
    assert.deepEqual(await faultsOf(page), []);
    await page.getByLabel('Password').fill('correct horse battery staple');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await live(page);
    await page.getByRole('heading', { name: 'No boards yet' }).waitFor();
    const [cookie] = await context.cookies();
    assert.equal(cookie.httpOnly, true, 'no script can read the session');
    await context.close();
  });

  test('signing out ends the session in every tab', async () => {
    const page = await windowOf(browser, server.url, 'ann');
    const other = await page.context().newPage();
    await other.goto(server.url);
    await live(other);
    await page.getByRole('button', { name: /account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await other.getByRole('button', { name: 'Sign in' }).waitFor();
    // What is left says that the user has signed in here before, and is good for nothing else.
    assert.deepEqual(
      (await page.context().cookies()).map(({ name }) => name),
      ['boardwire_device'],
    );
    await page.context().close();
  });

  test('a board is made, shared, renamed and archived, and the other one sees it at once', async () => {
    const [ann, bob] = await Promise.all([windowOf(browser, server.url, 'ann'), windowOf(browser, server.url, 'bob')]);
    await ann.getByRole('button', { name: 'New board' }).first().click();
    await ann.getByLabel('Name').fill('Launch');
    await ann.getByLabel('What it is for').fill('Everything until the first of May');
    await ann.getByRole('button', { name: 'Create board' }).click();
    await ann.getByRole('heading', { name: 'Launch' }).waitFor();

    await ann.getByRole('button', { name: 'Board menu' }).click();
    await ann.getByRole('menuitem', { name: 'Members and roles' }).click();
    await ann.getByLabel('User id').fill('nobody-knows-him');
    await ann.getByRole('button', { name: 'Add', exact: true }).click();
    await ann
      .getByRole('dialog')
      .getByRole('alert')
      .getByText(/no such user, or you may not add them.*an administrator/)
      .waitFor();
    await ann.getByLabel('User id').fill('bob');
    await ann.getByLabel('Role', { exact: true }).selectOption('viewer');
    await ann.getByRole('button', { name: 'Add', exact: true }).click();
    await ann.getByLabel('Role of Bob').waitFor();
    await keep(ann, 'members');
    assert.deepEqual(await faultsOf(ann), []);
    await ann.getByRole('button', { name: 'Close' }).click();

    await bob.getByRole('link', { name: /Launch/ }).click();
    await bob.getByRole('heading', { name: 'Launch' }).waitFor();
    await ann.getByTestId('viewers').waitFor();

    await ann.getByRole('button', { name: 'Board menu' }).click();
    await ann.getByRole('menuitem', { name: 'Name and description' }).click();
    await ann.getByRole('textbox', { name: 'Name' }).fill('Launch in May');
    await ann.getByRole('button', { name: 'Save' }).click();
    await bob.getByRole('heading', { name: 'Launch in May' }).waitFor();

    await ann.getByRole('button', { name: 'Board menu' }).click();
    await ann.getByRole('menuitem', { name: 'Archive the board' }).click();
    await bob.getByText('This board is archived').waitFor();
    assert.equal(await bob.getByRole('button', { name: 'Restore' }).count(), 0, 'a viewer does not restore');
    await ann.getByRole('button', { name: 'Restore' }).click();
    await bob.getByText('This board is archived').waitFor({ state: 'detached' });

    await bob.goto(server.url);
    await bob.getByRole('link', { name: /Launch in May/ }).waitFor();
    await keep(bob, 'boards');
    assert.deepEqual(await faultsOf(bob), []);
    assert.deepEqual([...ann.faults, ...bob.faults], []);
    await Promise.all([ann.context().close(), bob.context().close()]);
  });

  test('a board says in the list when anything on it changed, at once', async () => {
    const [api, bob] = ['ann', 'bob'].map((user) => startApi(server.url, token(user)));
    await api.board('busy', { bob: 'member' });
    await api.board('quiet');
    server.sql('UPDATE boards SET changed_at = changed_at - 3 * 3600 * 1000');
    const ann = await windowOf(browser, server.url, 'ann');
    const tile = (name) => ann.getByRole('link', { name: new RegExp(name) });
    const said = (name) =>
      tile(name)
        .getByText(/Changed/)
        .textContent();
    const moment = (name) => tile(name).locator('time').getAttribute('datetime');
    await eventually(() => said('busy'), 'Changed 3 hours ago');
    const before = await moment('quiet');
    await ann.evaluate(() => (globalThis.isTheSamePage = true));

    const { task } = await bob.task('busy', { id: 'busy-one', title: 'Something to do' });
    await eventually(() => moment('busy'), task.created_at);
    assert.notEqual(await said('busy'), 'Changed 3 hours ago');
    const { comment } = await bob.send('POST', '/tasks/busy-one/comments', { body: 'Is it done?' });
    await eventually(() => moment('busy'), comment.created_at);
    const { board } = await bob.send('PATCH', '/boards/busy', { description: 'Where things happen' });
    await tile('busy').getByText('Where things happen').waitFor();
    assert.equal(await moment('busy'), board.updated_at);
    assert.deepEqual([await said('quiet'), await moment('quiet')], ['Changed 3 hours ago', before]);
    assert.equal(await ann.evaluate(() => globalThis.isTheSamePage), true, 'it was not loaded again');
    assert.deepEqual(ann.faults, []);
    await ann.context().close();
  });

  test('an address where there is nothing says so, and leads back', async () => {
    const grounds = [];
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ colorScheme });
      const page = await context.newPage();
      const refused = [];
      page.on('console', (message) => /content security policy/i.test(message.text()) && refused.push(message.text()));
      assert.equal((await page.goto(`${server.url}/there-is-none`)).status(), 404);
      await page.getByRole('heading', { name: 'There is nothing at this address.' }).waitFor();
      grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await keep(page, `nothing-${colorScheme}`);
      assert.deepEqual(await faultsOf(page), []);
      assert.deepEqual(refused, []);
      await page.getByRole('link', { name: 'Show your boards' }).click();
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      assert.equal(new URL(page.url()).pathname, '/');
      await context.close();
    }
    assert.equal(new Set(grounds).size, 2, 'light and dark');
  });

  test('who is no member sees nothing of a board', async () => {
    const ann = await windowOf(browser, server.url, 'ann', '/boards/there-is-none');
    await ann.getByRole('heading', { name: 'This board is not there for you' }).waitFor();
    await ann.context().close();
  });

  test('the theme is chosen and kept', async () => {
    const page = await windowOf(browser, server.url, 'ann', '/', { colorScheme: 'light' });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole('button', { name: /account/ }).click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    assert.notEqual(await ground(), light);
    await page.reload();
    await live(page);
    assert.notEqual(await ground(), light);
    assert.deepEqual(await faultsOf(page), []);
    await page.context().close();
  });
});
