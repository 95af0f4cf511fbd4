// Texts that two users, or one in two windows, edit at the same time: nothing that somebody wrote is lost, and nothing is shown as
// saved that is not. After typing, the tests wait until the page says that it has saved, or that it could not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startProxy } from '../js/proxy.mjs';
import { violationsOf } from './accessibility.mjs';
import { card, eventually, saveScreenshot, waitUntilLive, openCard, openWindow } from './browser.mjs';
import { expectNoErrors, closeWindows, startFixture } from './fixture.mjs';

const LINES = ['What is to be done', 'Who does it', 'By when'];

describe('texts that two users edit at the same time', () => {
  const fixture = startFixture('ann', 'bob');

  async function board(id, description = LINES.join('\n')) {
    const created = await fixture.api.board(id, { bob: 'member' });
    const one = `${id}-one`;
    await fixture.api.task(id, { id: one, title: 'Write the notes', description, columnId: created.columns[0].id });
    return { path: `/boards/${id}/tasks/${one}`, one, stored: async () => (await fixture.api.get(`/tasks/${one}`)).task };
  }
  const field = (page) => page.getByLabel('Description', { exact: true });
  const edit = (page) => page.getByRole('button', { name: 'Edit', exact: true }).click();
  const state = (page, name) => page.locator(`[data-testid=description-state][data-state=${name}]`).waitFor();
  const clash = (page) => page.getByTestId('clash');
  const decide = (page, name) => clash(page).getByRole('button', { name }).click();
  /** Types a text, and waits until it is saved or in another state. */
  const write = async (page, text, becomes = 'saved') => {
    await field(page).fill(text);
    await state(page, becomes);
  };
  /** Checks that a field in which nothing was typed shows the current text, without a notice about edits by others. */
  const follows = async (page, text) => {
    await eventually(() => field(page).inputValue(), text);
    await state(page, 'saved');
    assert.equal(await page.getByText(/edited this while you were writing/).count(), 0);
  };
  const done = async (page) => {
    await field(page).press('Control+Enter');
    await field(page).waitFor({ state: 'detached' });
  };
  const withSuffix = (at, text) => LINES.map((line, index) => (index === at ? `${line}${text}` : line)).join('\n');

  for (const [first, second] of [
    ['ann', 'bob'],
    ['bob', 'ann'],
  ]) {
    test(`changes in different places are merged (${first} saves first)`, async () => {
      const { path, stored } = await board(`apart-${first}`);
      const [one, other] = await fixture.windows(path, first, second);
      await edit(one);
      await edit(other);
      await write(one, withSuffix(0, ': one'));
      await follows(other, withSuffix(0, ': one'));
      await write(other, [`${LINES[0]}: one`, LINES[1], `${LINES[2]}: two`].join('\n'));
      await one.getByText(/edited this while you were writing/).waitFor();
      await write(one, withSuffix(0, ': one, and one more'));
      await write(other, [`${LINES[0]}: one`, LINES[1], `${LINES[2]}: two, and two more`].join('\n'));
      await done(one);
      await done(other);
      const both = [`${LINES[0]}: one, and one more`, LINES[1], `${LINES[2]}: two, and two more`].join('\n');
      await eventually(async () => (await stored()).description, both);
      for (const page of [one, other]) await page.locator('.markdown').getByText('one more').waitFor();
      expectNoErrors(one, other);
      await closeWindows(one, other);
    });

    test(`changes in the same place are for the second user to decide (${first} saves first)`, async () => {
      const { path, stored } = await board(`same-${first}`, '');
      const [one, other] = await fixture.windows(path, first, second);
      await edit(one);
      await edit(other);
      await write(other, 'What the second');
      await follows(one, 'What the second');
      await write(one, 'What the first wrote');
      await state(other, 'conflict');
      await write(other, 'What the second wrote', 'conflict');
      await write(one, 'What the first wrote, and more');
      await done(one);
      // Leaving the field decides nothing.
      await field(other).press('Control+Enter');
      await clash(other).getByRole('region', { name: 'Your version' }).getByText('What the second wrote').waitFor();
      await clash(other).getByRole('region', { name: 'Current version' }).getByText('What the first wrote, and more').waitFor();
      await other.getByText('Not saved: choose a version.').waitFor();
      assert.equal((await stored()).description, 'What the first wrote, and more');
      await saveScreenshot(other, `clash-${first}`);
      assert.deepEqual(await violationsOf(other), []);

      // The unsaved text is there after a reload, and after the card is closed.
      await other.reload();
      await waitUntilLive(other);
      await clash(other).getByRole('region', { name: 'Your version' }).getByText('What the second wrote').waitFor();
      await other.getByRole('button', { name: 'Close', exact: true }).click();
      await card(other, 'Write the notes').getByText('Unsaved text').waitFor();
      await other.reload();
      await card(other, 'Write the notes').getByText('Unsaved text').waitFor();
      assert.deepEqual(await violationsOf(other), []);
      await openCard(other, 'Write the notes');
      assert.equal(await field(other).inputValue(), 'What the second wrote');
      await decide(other, 'Keep both');
      await clash(other).waitFor({ state: 'detached' });
      const both = 'What the first wrote, and more\nWhat the second wrote';
      await eventually(async () => (await stored()).description, both);
      await other.reload();
      await waitUntilLive(other);
      await other.locator('.markdown').getByText('What the second wrote').waitFor();
      assert.equal(await field(other).count(), 0);
      expectNoErrors(one, other);
      await closeWindows(one, other);
    });
  }

  test('a user who is still writing sees that the text was replaced, and can restore it', async () => {
    const { path, stored } = await board('replaced');
    const [ann, bob] = await fixture.windows(path, 'ann', 'bob');
    await edit(ann);
    await edit(bob);
    await write(ann, 'All by Ann');
    await follows(bob, 'All by Ann');
    await write(bob, 'All by Bob');
    await eventually(async () => (await stored()).description, 'All by Bob');
    await clash(ann).getByText('Bob', { exact: true }).waitFor();
    await clash(ann).getByRole('region', { name: 'Your version' }).getByText('All by Ann').waitFor();
    await decide(ann, 'Keep mine');
    await eventually(async () => (await stored()).description, 'All by Ann');
    await closeWindows(ann, bob);
  });

  test('one user in two tabs of a browser loses nothing', async () => {
    const { path, stored } = await board('tabs', 'Before');
    const one = await fixture.openWindow('ann', path);
    const other = await one.context().newPage();
    await other.goto(fixture.server.url + path);
    await waitUntilLive(other);
    await edit(one);
    await edit(other);
    await write(other, 'In the second');
    await follows(one, 'In the second');
    await write(one, 'In the first tab');
    await state(other, 'conflict');
    await write(other, 'In the second tab', 'conflict');
    await write(one, 'In the first tab, on and on');
    await done(one);
    await other.reload();
    await waitUntilLive(other);
    await clash(other).getByRole('region', { name: 'Your version' }).getByText('In the second tab').waitFor();
    await clash(other).getByText('You, in another window').or(clash(other).getByText('Someone')).waitFor();
    await decide(other, 'Take theirs');
    await clash(other).waitFor({ state: 'detached' });
    assert.equal((await stored()).description, 'In the first tab, on and on');
    // The discarded text can be restored, and is in conflict again.
    await other.getByText('Your description was discarded.').waitFor();
    assert.deepEqual(await violationsOf(other), []);
    await other.getByRole('button', { name: 'Undo' }).click();
    await clash(other).getByRole('region', { name: 'Your version' }).getByText('In the second tab').waitFor();
    assert.equal((await stored()).description, 'In the first tab, on and on');
    await decide(other, 'Keep mine');
    await clash(other).waitFor({ state: 'detached' });
    await eventually(async () => (await stored()).description, 'In the second tab');
    await closeWindows(one);
  });

  test('text typed offline survives a reload and is merged with changes by others', async () => {
    const { path, one, stored } = await board('offline');
    const proxy = await startProxy(fixture.server.url);
    const ann = await openWindow(fixture.browser, proxy.url, 'ann', path);
    await edit(ann);
    proxy.refuse();
    await ann.locator('[data-testid=connection]:not([data-state=live])').waitFor();
    await field(ann).fill(withSuffix(0, ': mine'));
    await state(ann, 'unsaved');
    await ann.getByText('Not saved yet').waitFor();
    await fixture.api.send('PATCH', `/tasks/${one}`, { description: withSuffix(2, ': theirs') });
    proxy.accept();
    await ann.reload();
    await waitUntilLive(ann);
    await eventually(async () => (await stored()).description, [`${LINES[0]}: mine`, LINES[1], `${LINES[2]}: theirs`].join('\n'));
    await ann.locator('.markdown').getByText('theirs').waitFor();
    expectNoErrors(ann);
    await closeWindows(ann);
    await proxy.stop();
  });

  test('a text that the server fails to save is marked, and is saved later', async (t) => {
    const { path, stored } = await board('fault');
    const ann = await fixture.openWindow('ann', path);
    t.after(() => fixture.server.sql('DROP TRIGGER IF EXISTS fault'));
    await edit(ann);
    fixture.server.sql("CREATE TRIGGER fault BEFORE UPDATE ON tasks BEGIN SELECT RAISE(ABORT, 'out of order'); END");
    await field(ann).fill('Mine');
    const says = (text) => ann.getByTestId('description-state').getByText(text).waitFor();
    await says('Not saved yet: a fault of the server. Retrying.');
    fixture.server.sql('DROP TRIGGER fault');
    await state(ann, 'saved');
    assert.equal((await stored()).description, 'Mine');
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('titles are merged, or shown as a conflict', async () => {
    const { path, one, stored } = await board('titles');
    const proxy = await startProxy(fixture.server.url);
    const ann = await openWindow(fixture.browser, proxy.url, 'ann', path);
    const title = ann.getByLabel('Title');
    // Nothing was typed: the field shows the current title, and Escape changes nothing.
    await title.focus();
    await fixture.api.send('PATCH', `/tasks/${one}`, { title: 'Write the long notes' });
    await eventually(() => title.inputValue(), 'Write the long notes');
    await title.press('Escape');
    assert.equal(await title.inputValue(), 'Write the long notes');
    await title.focus();
    await title.fill('Write all the long notes');
    await eventually(async () => (await stored()).title, 'Write all the long notes');
    await fixture.api.send('PATCH', `/tasks/${one}`, { title: 'Write all the long notes today' });
    await title.fill('Please write all the long notes');
    await title.press('Enter');
    await eventually(async () => (await stored()).title, 'Please write all the long notes today');
    await eventually(() => title.inputValue(), 'Please write all the long notes today');
    // Ann does not receive Bob's change before she makes hers.
    await title.focus();
    proxy.holdReplies();
    await fixture.api.send('PATCH', `/tasks/${one}`, { title: 'Theirs' });
    await title.fill('Mine');
    await title.press('Enter');
    proxy.resume();
    await clash(ann).getByRole('region', { name: 'Your version' }).getByText('Mine').waitFor();
    assert.equal((await stored()).title, 'Theirs');
    await decide(ann, 'Keep mine');
    await eventually(async () => (await stored()).title, 'Mine');
    expectNoErrors(ann);
    await closeWindows(ann);
    await proxy.stop();
  });

  test('an earlier description is shown in the history and can be restored', async () => {
    const { path, one, stored } = await board('earlier', 'The very first');
    await fixture.api.send('PATCH', `/tasks/${one}`, { description: 'The second' });
    await fixture.api.send('PATCH', `/tasks/${one}`, { description: '' });
    const ann = await fixture.openWindow('ann', path);
    await ann.getByRole('button', { name: 'History' }).click();
    const line = (words) => ann.getByTestId('history').getByRole('listitem').filter({ hasText: words });
    const texts = ann.getByTestId('history').getByRole('button', { name: 'Show text' });
    await line('created this card').getByRole('button', { name: 'Show text' }).click();
    await line('created this card').getByText('The very first').waitFor();
    await texts.nth(1).click();
    await ann.getByTestId('history').getByText('The second').waitFor();
    await saveScreenshot(ann, 'earlier-descriptions');
    assert.deepEqual(await violationsOf(ann), []);
    await line('created this card').getByRole('button', { name: 'Restore this text' }).click();
    await eventually(async () => (await stored()).description, 'The very first');
    await ann.locator('.markdown').getByText('The very first').waitFor();
    expectNoErrors(ann);
    await closeWindows(ann);
  });
});
