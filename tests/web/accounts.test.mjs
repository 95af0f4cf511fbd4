// Signing in and out, the list of boards, members, and pages that are not available.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { token } from '../js/server.mjs';
import { startApi } from './api.mjs';
import { eventually, saveScreenshot, waitUntilLive } from './browser.mjs';
import { violationsOf } from './accessibility.mjs';
import { expectNoErrors, closeWindows, startFixture } from './fixture.mjs';

describe('accounts and boards', () => {
  const fixture = startFixture('ann', 'bob');

  test('a wrong password is refused with a reason, and the correct one signs in', async () => {
    const context = await fixture.browser.newContext();
    const page = await context.newPage();
    await page.goto(fixture.server.url);
    await page.getByLabel('User').fill('ann');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await saveScreenshot(page, 'sign-in-refused');
    assert.deepEqual(await violationsOf(page), []);
    await page.getByLabel('Password').fill('correct horse battery staple');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await waitUntilLive(page);
    await page.getByRole('heading', { name: 'No boards yet' }).waitFor();
    const [cookie] = await context.cookies();
    assert.equal(cookie.httpOnly, true, 'scripts cannot read the session');
    await context.close();
  });

  test('signing out ends the session in every tab', async () => {
    const page = await fixture.openWindow('ann');
    const other = await page.context().newPage();
    await other.goto(fixture.server.url);
    await waitUntilLive(other);
    await page.getByRole('button', { name: /account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await other.getByRole('button', { name: 'Sign in' }).waitFor();
    // The remaining cookie says only that the user has signed in here before.
    assert.deepEqual(
      (await page.context().cookies()).map(({ name }) => name),
      ['boardwire_device'],
    );
    await closeWindows(page);
  });

  test('a board is created, shared, renamed and archived, live for another user', async () => {
    const [ann, bob] = await Promise.all([fixture.openWindow('ann'), fixture.openWindow('bob')]);
    await ann.getByRole('button', { name: 'New board' }).first().click();
    await ann.getByLabel('Name').fill('Launch');
    await ann.getByLabel('Description').fill('Everything until the first of May');
    await ann.getByRole('button', { name: 'Create board' }).click();
    await ann.getByRole('heading', { name: 'Launch' }).waitFor();

    await ann.getByRole('button', { name: 'Board menu' }).click();
    await ann.getByRole('menuitem', { name: 'Members and roles' }).click();
    await ann.getByLabel('User ID').fill('nobody-knows-him');
    await ann.getByRole('button', { name: 'Add', exact: true }).click();
    await ann
      .getByRole('dialog')
      .getByRole('alert')
      .getByText(/no such user, or you can’t add them.*an administrator/)
      .waitFor();
    await ann.getByLabel('User ID').fill('bob');
    await ann.getByLabel('Role', { exact: true }).selectOption('viewer');
    await ann.getByRole('button', { name: 'Add', exact: true }).click();
    await ann.getByLabel('Role of Bob').waitFor();
    await saveScreenshot(ann, 'members');
    assert.deepEqual(await violationsOf(ann), []);
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
    await ann.getByRole('menuitem', { name: 'Archive board' }).click();
    await bob.getByText('This board is archived').waitFor();
    assert.equal(await bob.getByRole('button', { name: 'Restore' }).count(), 0, 'a viewer cannot restore');
    await ann.getByRole('button', { name: 'Restore' }).click();
    await bob.getByText('This board is archived').waitFor({ state: 'detached' });

    await bob.goto(fixture.server.url);
    await bob.getByRole('link', { name: /Launch in May/ }).waitFor();
    await saveScreenshot(bob, 'boards');
    assert.deepEqual(await violationsOf(bob), []);
    expectNoErrors(ann, bob);
    await closeWindows(ann, bob);
  });

  test('the list of boards shows live when anything on a board changed', async () => {
    const bob = startApi(fixture.server.url, token('bob'));
    await fixture.api.board('busy', { bob: 'member' });
    await fixture.api.board('quiet');
    fixture.server.sql('UPDATE boards SET changed_at = changed_at - 3 * 3600 * 1000');
    const ann = await fixture.openWindow('ann');
    const tile = (name) => ann.getByRole('link', { name: new RegExp(name) });
    const updatedText = (name) =>
      tile(name)
        .getByText(/Updated/)
        .textContent();
    const updatedAt = (name) => tile(name).locator('time').getAttribute('datetime');
    await eventually(() => updatedText('busy'), 'Updated 3 hours ago');
    const before = await updatedAt('quiet');
    await ann.evaluate(() => (globalThis.isTheSamePage = true));

    const { task } = await bob.task('busy', { id: 'busy-one', title: 'Something to do' });
    await eventually(() => updatedAt('busy'), task.created_at);
    assert.notEqual(await updatedText('busy'), 'Updated 3 hours ago');
    const { comment } = await bob.send('POST', '/tasks/busy-one/comments', { body: 'Is it done?' });
    await eventually(() => updatedAt('busy'), comment.created_at);
    const { board } = await bob.send('PATCH', '/boards/busy', { description: 'Where things happen' });
    await tile('busy').getByText('Where things happen').waitFor();
    assert.equal(await updatedAt('busy'), board.updated_at);
    assert.deepEqual([await updatedText('quiet'), await updatedAt('quiet')], ['Updated 3 hours ago', before]);
    assert.equal(await ann.evaluate(() => globalThis.isTheSamePage), true, 'the page was not reloaded');
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('an unknown address shows a page with a link to the boards', async () => {
    const backgrounds = [];
    for (const colorScheme of ['light', 'dark']) {
      const context = await fixture.browser.newContext({ colorScheme });
      const page = await context.newPage();
      const refused = [];
      page.on('console', (message) => /content security policy/i.test(message.text()) && refused.push(message.text()));
      assert.equal((await page.goto(`${fixture.server.url}/there-is-none`)).status(), 404);
      await page.getByRole('heading', { name: 'There is nothing at this address.' }).waitFor();
      backgrounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await saveScreenshot(page, `nothing-${colorScheme}`);
      assert.deepEqual(await violationsOf(page), []);
      assert.deepEqual(refused, []);
      await page.getByRole('link', { name: 'Show your boards' }).click();
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      assert.equal(new URL(page.url()).pathname, '/');
      await context.close();
    }
    assert.equal(new Set(backgrounds).size, 2, 'light and dark');
  });

  test('users who are not members see nothing of a board', async () => {
    const ann = await fixture.openWindow('ann', '/boards/there-is-none');
    await ann.getByRole('heading', { name: 'This board is not available' }).waitFor();
    await closeWindows(ann);
  });

  test('the theme can be chosen and survives a reload', async () => {
    const page = await fixture.openWindow('ann', '/', { colorScheme: 'light' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole('button', { name: /account/ }).click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    assert.notEqual(await background(), light);
    await page.reload();
    await waitUntilLive(page);
    assert.notEqual(await background(), light);
    assert.deepEqual(await violationsOf(page), []);
    await closeWindows(page);
  });
});
