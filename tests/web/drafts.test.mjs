// Drafts of text that is not on the server yet: they survive a refusal, a reload, and the end of the connection.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startProxy } from '../js/proxy.mjs';
import { column, eventually, openWindow, reload, titles, waitUntilLive } from './browser.mjs';
import { boardWithCard, closeWindows, expectNoErrors, startFixture } from './fixture.mjs';

describe('drafts', () => {
  const fixture = startFixture('ann');
  const newCard = async (page) => {
    await column(page, 'To Do').getByRole('button', { name: 'New card', exact: true }).click();
    return page.getByLabel('Title of the new card in To Do');
  };

  test('refused new cards return to their field in order, and survive a reload', async () => {
    const { path, columns } = await boardWithCard(fixture, 'refused');
    await fixture.api.send('PATCH', `/columns/${columns[0].id}`, { wip_limit: 1 });
    const ann = await fixture.openWindow('ann', path, { permissions: ['clipboard-read', 'clipboard-write'] });
    let field = await newCard(ann);
    await ann.evaluate(() => navigator.clipboard.writeText('One\nTwo\nThree'));
    await field.press('Control+v');
    await ann.getByRole('button', { name: 'Add 3 cards, one per line' }).click();
    await ann
      .getByRole('alert')
      .getByText(/The new card was undone/)
      .first()
      .waitFor();
    await eventually(() => field.inputValue(), 'One\nTwo\nThree');
    await reload(ann);
    field = await newCard(ann);
    assert.equal(await field.inputValue(), 'One\nTwo\nThree');
    await fixture.api.send('PATCH', `/columns/${columns[0].id}`, { wip_limit: null });
    await ann.getByRole('button', { name: 'Add 3 cards', exact: true }).click();
    await eventually(() => titles(ann, 'To Do'), ['First', 'One', 'Two', 'Three']);
    await eventually(() => field.inputValue(), '');
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('drafts of a new card, column and comment survive a reload', async () => {
    const { path, card } = await boardWithCard(fixture, 'half');
    const ann = await fixture.openWindow('ann', path);
    await (await newCard(ann)).fill('A new ca');
    await ann.keyboard.press('Escape');
    await ann.getByRole('button', { name: 'Add column' }).click();
    await ann.getByLabel('Name of the new column').fill('A new col');
    await reload(ann);
    assert.equal(await (await newCard(ann)).inputValue(), 'A new ca');
    await ann.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await (await newCard(ann)).inputValue(), '', 'Cancel discards the draft');
    await ann.getByRole('button', { name: 'Cancel' }).click();
    await ann.getByRole('button', { name: 'Add column' }).click();
    assert.equal(await ann.getByLabel('Name of the new column').inputValue(), 'A new col');
    await ann.getByLabel('Name of the new column').press('Enter');
    await column(ann, 'A new col').waitFor();

    await ann.goto(fixture.server.url + card);
    await ann.getByLabel('Comment', { exact: true }).fill('I think');
    await reload(ann);
    assert.equal(await ann.getByLabel('Comment', { exact: true }).inputValue(), 'I think');
    await ann.getByLabel('Comment', { exact: true }).press('Control+Enter');
    await ann.getByTestId('comment').getByText('I think').waitFor();
    await reload(ann);
    await ann.getByTestId('comment').getByText('I think').waitFor();
    assert.equal(await ann.getByLabel('Comment', { exact: true }).inputValue(), '');
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('a comment without a reply is a draft after the page was left', async () => {
    const { card, taskId } = await boardWithCard(fixture, 'unanswered');
    const proxy = await startProxy(fixture.server.url);
    const ann = await openWindow(fixture.browser, proxy.url, 'ann', card);
    await ann.getByLabel('Comment', { exact: true }).fill('Said into the void');
    proxy.stall();
    await ann.getByLabel('Comment', { exact: true }).press('Control+Enter');
    await ann.locator('.comment-pending').getByText('Said into the void').waitFor();
    await ann.goto('about:blank');
    proxy.cut();
    proxy.resume();
    await ann.goto(proxy.url + card);
    await waitUntilLive(ann);
    assert.equal(await ann.getByLabel('Comment', { exact: true }).inputValue(), 'Said into the void');
    assert.deepEqual((await fixture.api.get(`/tasks/${taskId}`)).comments, []);
    await closeWindows(ann);
    await proxy.stop();
  });

  test('a new column name stays in its field while offline', async () => {
    const { path } = await boardWithCard(fixture, 'renamed');
    const proxy = await startProxy(fixture.server.url);
    const ann = await openWindow(fixture.browser, proxy.url, 'ann', path);
    await ann.getByRole('heading', { name: 'To Do', exact: true }).dblclick();
    const field = ann.getByLabel('New name for To Do');
    await field.fill('Some day');
    proxy.refuse();
    await ann.locator('[data-testid=connection]:not([data-state=live])').waitFor();
    await field.press('Enter');
    await ann.getByText('You are offline, so nothing was changed').waitFor();
    assert.equal(await field.inputValue(), 'Some day');
    proxy.accept();
    await waitUntilLive(ann);
    await field.press('Enter');
    await ann.getByRole('heading', { name: 'Some day', exact: true }).waitFor();
    expectNoErrors(ann);
    await closeWindows(ann);
    await proxy.stop();
  });
});
