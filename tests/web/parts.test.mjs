// Use by keyboard and with a screen reader: where the focus goes, and the confirmation before something is deleted. Also relative
// times and deeply nested Markdown.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { card, column, eventually, openCard, titles } from './browser.mjs';
import { expectNoErrors, closeWindows, startFixture } from './fixture.mjs';

describe('dialogs, menus and panels', () => {
  const fixture = startFixture('ann', 'bob');

  async function openBoard(id) {
    const created = await fixture.api.board(id, { bob: 'member' });
    for (const title of ['First', 'Second']) await fixture.api.task(id, { id: `${id}-${title.toLowerCase()}`, title, columnId: created.columns[0].id });
    return fixture.openWindow('ann', `/boards/${id}`);
  }
  /** Returns the label of the focused element, or else its text. */
  const focused = (page) =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      return element.getAttribute('aria-label') ?? element.dataset.taskId ?? (element === document.body ? 'nothing' : element.textContent.trim());
    });

  test('deleting a card is confirmed in a dialog in which Enter cancels', async () => {
    const page = await openBoard('asked');
    await openCard(page, 'First');
    await page.getByRole('button', { name: 'Delete card' }).click();
    const question = page.getByText('Its comments, files and dependencies will be deleted too.');
    await question.waitFor();
    await eventually(() => focused(page), 'Cancel');
    const remove = page.getByRole('button', { name: 'Delete', exact: true });
    assert.notEqual(await remove.getAttribute('data-kind'), 'primary');
    const padding = await question.evaluate((element) => parseFloat(getComputedStyle(element.parentElement).paddingLeft));
    assert.ok(padding >= 16, `the text stands ${padding} px from the edge`);
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    assert.equal(await page.getByTestId('card-page').count(), 1);
    await eventually(() => focused(page), 'Delete card');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByTestId('card-page').waitFor({ state: 'detached' });
    await eventually(() => titles(page, 'To Do'), ['Second']);
    await eventually(() => focused(page), 'asked-second');
    expectNoErrors(page);
    await closeWindows(page);
  });

  test('the focus returns to the element that opened a dialog', async () => {
    const page = await openBoard('returned');
    await openCard(page, 'Second');
    await page.keyboard.press('Escape');
    await eventually(() => focused(page), 'returned-second');

    for (const entry of ['Members and roles', 'Name and description']) {
      await page.getByRole('button', { name: 'Board menu' }).click();
      await page.getByRole('menuitem', { name: entry }).click();
      await page.getByRole('heading', { name: entry }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: entry }).waitFor({ state: 'detached' });
      await eventually(() => focused(page), 'Board menu');
    }
    await page.getByRole('button', { name: 'Done menu' }).click();
    await page.getByRole('menuitem', { name: 'Limit and status' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await eventually(() => focused(page), 'Done menu');

    // If the card was opened by its address, the focus goes to the card on the board.
    await page.goto(`${fixture.server.url}/boards/returned/tasks/returned-first`);
    await page.getByTestId('card-page').waitFor();
    await page.keyboard.press('Escape');
    await eventually(() => focused(page), 'returned-first');
    expectNoErrors(page);
    await closeWindows(page);
  });

  test('the focus returns after Escape in a new card, a new column and a rename', async () => {
    const page = await openBoard('escaped');
    await column(page, 'To Do').getByRole('button', { name: 'New card', exact: true }).click();
    await page.getByLabel(/Title of the new card/).waitFor();
    await page.keyboard.press('Escape');
    await eventually(() => focused(page), 'New card');
    await page.getByRole('button', { name: 'Add column' }).click();
    await page.getByLabel('Name of the new column').waitFor();
    await page.keyboard.press('Escape');
    await eventually(() => focused(page), 'Add column');
    await page.getByRole('button', { name: 'Done menu' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await eventually(() => focused(page), 'New name for Done');
    await page.keyboard.press('Escape');
    await eventually(() => focused(page), 'Done');
    expectNoErrors(page);
    await closeWindows(page);
  });

  test('a menu can be used by keyboard alone', async () => {
    const page = await openBoard('walked');
    await page.getByRole('button', { name: 'To Do menu' }).focus();
    await page.keyboard.press('Enter');
    await eventually(() => focused(page), 'Rename');
    // Disabled items are skipped.
    for (const name of ['Limit and status', 'Move right', 'Delete column']) {
      await page.keyboard.press('ArrowDown');
      await eventually(() => focused(page), name);
    }
    await page.keyboard.press('Escape');
    await eventually(() => focused(page), 'To Do menu');
    await closeWindows(page);
  });

  test('Escape in a new comment closes only the suggestions for a mention', async () => {
    const page = await openBoard('completed');
    await openCard(page, 'First');
    const field = page.getByRole('textbox', { name: 'Comment', exact: true });
    await field.pressSequentially('@b');
    const members = page.getByRole('listbox', { name: 'Members' });
    await members.getByRole('option', { name: /Bob/, selected: true }).waitFor();
    await page.keyboard.press('Escape');
    await members.waitFor({ state: 'detached' });
    assert.equal(await field.inputValue(), '@b');
    await page.keyboard.press('Escape');
    await page.getByTestId('card-page').waitFor({ state: 'detached' });
    await card(page, 'First').waitFor();
    expectNoErrors(page);
    await closeWindows(page);
  });

  test('relative times are kept up to date', async () => {
    await fixture.api.board('timed');
    await fixture.api.task('timed', { id: 'timed-card', title: 'Timed' });
    await fixture.api.send('POST', '/tasks/timed-card/comments', { body: 'Said' });
    const selectors = { '/': '[href="/boards/timed"]', '/boards/timed/tasks/timed-card': '[data-testid=card-page]' };
    for (const [path, selector] of Object.entries(selectors)) {
      const page = await fixture.openWindow('ann', path, { clock: true });
      const moments = page.locator(selector).locator('time');
      const words = async () => [...new Set(await moments.allTextContents())];
      await moments.first().waitFor();
      assert.ok(!(await words()).includes('1 hour ago'), path);
      await page.clock.fastForward('01:00:00');
      await eventually(words, ['1 hour ago']);
      expectNoErrors(page);
      await closeWindows(page);
    }
  });

  test('a description that is nested too deeply is shown as plain text', async () => {
    const page = await openBoard('nested');
    await fixture.api.send('PATCH', '/tasks/nested-first', { description: `${'>'.repeat(5000)} far inside` });
    await openCard(page, 'First');
    await page
      .getByTestId('card-page')
      .getByText(/far inside/)
      .waitFor();
    await closeWindows(page);
  });
});
