// Edits of comments and titles: their drafts, concurrent changes by others, and undoing a decision.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startProxy } from '../js/proxy.mjs';
import { violationsOf } from './accessibility.mjs';
import { eventually, openCard, openWindow, reload } from './browser.mjs';
import { boardWithCard, closeWindows, expectNoErrors, startFixture } from './fixture.mjs';

describe('edits of comments and titles', () => {
  const fixture = startFixture('ann');

  test('Escape keeps an edited comment as a draft, and Cancel can be undone for some seconds', async () => {
    const { card, taskId } = await boardWithCard(fixture, 'closed');
    await fixture.api.send('POST', `/tasks/${taskId}/comments`, { body: 'As it was' });
    const ann = await fixture.openWindow('ann', card, { clock: true });
    const change = ann.getByRole('button', { name: 'Edit comment' });
    const field = ann.getByLabel('Edited comment', { exact: true });
    const undo = ann.getByRole('button', { name: 'Undo' });
    const unsaved = ann.getByTestId('comment').getByText('your edit is not saved');
    const focused = (attribute) => () =>
      ann.evaluate((name) => document.activeElement.getAttribute(name) ?? document.activeElement.textContent.trim(), attribute);

    await change.click();
    await field.press('Escape');
    await eventually(focused('aria-label'), 'Edit comment');
    assert.equal(await unsaved.count(), 0, 'nothing was typed');
    await change.click();
    await field.pressSequentially(' @an');
    await ann.getByRole('listbox', { name: 'Members' }).waitFor();
    await field.press('Escape');
    await ann.getByRole('listbox', { name: 'Members' }).waitFor({ state: 'detached' });
    await field.fill('Half a thought');
    await field.press('Escape');
    await unsaved.waitFor();
    await ann.getByTestId('comment').getByText('As it was').waitFor();
    assert.equal(await field.count(), 0);
    assert.deepEqual(await violationsOf(ann), []);
    await change.click();
    assert.equal(await field.inputValue(), 'Half a thought');
    await unsaved.waitFor();
    await field.press('Escape');
    await reload(ann);
    assert.equal(await field.inputValue(), 'Half a thought');

    const cancel = async () => {
      await ann.getByRole('button', { name: 'Cancel' }).click();
      await field.waitFor({ state: 'detached' });
      await eventually(focused('aria-label'), 'Undo');
    };
    await cancel();
    assert.equal(await unsaved.count(), 0);
    assert.deepEqual(await violationsOf(ann), []);
    await ann.keyboard.press('Enter');
    assert.equal(await field.inputValue(), 'Half a thought');
    // Also after the card is closed and opened again.
    await cancel();
    await ann.getByRole('button', { name: 'Close' }).click();
    await openCard(ann, 'First');
    await undo.click();
    assert.equal(await field.inputValue(), 'Half a thought');
    await cancel();
    await ann.clock.fastForward('00:09');
    await undo.waitFor({ state: 'detached' });
    await eventually(focused('aria-label'), 'Edit comment');
    await reload(ann);
    await change.click();
    assert.equal(await field.inputValue(), 'As it was');
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('saving a comment does not overwrite an edit made elsewhere', async () => {
    const { card, taskId } = await boardWithCard(fixture, 'comment');
    const { comment } = await fixture.api.send('POST', `/tasks/${taskId}/comments`, { body: 'The first line\nThe last line' });
    const ann = await fixture.openWindow('ann', card);
    const body = async () => (await fixture.api.get(`/tasks/${taskId}`)).comments[0].body;
    const change = async (text) => {
      await ann.getByRole('button', { name: 'Edit comment' }).click();
      await ann.getByLabel('Edited comment', { exact: true }).fill(text);
    };
    const elsewhere = async (text, shown) => {
      await fixture.api.send('PATCH', `/comments/${comment.id}`, { body: text });
      await ann.getByRole('button', { name: 'History' }).click();
      await ann.getByTestId('history').getByText(shown).waitFor();
      await ann.getByRole('button', { name: /^Comments/ }).click();
    };
    await change('The first line, mine\nThe last line');
    await elsewhere('The first line\nThe last line, theirs', /theirs/);
    assert.equal(await ann.getByLabel('Edited comment', { exact: true }).inputValue(), 'The first line, mine\nThe last line');
    await ann.getByRole('button', { name: 'Save' }).click();
    await eventually(body, 'The first line, mine\nThe last line, theirs');
    await ann.getByLabel('Edited comment', { exact: true }).waitFor({ state: 'detached' });

    await change('All mine');
    await elsewhere('All of it theirs', /All of it theirs/);
    await reload(ann);
    await ann.getByRole('button', { name: 'Save' }).click();
    await ann.getByTestId('clash').getByRole('region', { name: 'Current version' }).getByText('All of it theirs').waitFor();
    assert.equal(await body(), 'All of it theirs');
    await ann.getByTestId('clash').getByRole('button', { name: 'Keep both' }).click();
    await eventually(body, 'All of it theirs\nAll mine');
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('text typed while a comment is being saved is an edit of the saved text', async () => {
    const { card, taskId } = await boardWithCard(fixture, 'saving');
    const { comment } = await fixture.api.send('POST', `/tasks/${taskId}/comments`, { body: 'First\nLast' });
    const proxy = await startProxy(fixture.server.url);
    const ann = await openWindow(fixture.browser, proxy.url, 'ann', card);
    const body = async () => (await fixture.api.get(`/tasks/${taskId}`)).comments[0].body;
    const field = ann.getByLabel('Edited comment', { exact: true });
    await ann.getByRole('button', { name: 'Edit comment' }).click();
    await field.fill('First, mine\nLast');
    proxy.stall();
    await ann.getByRole('button', { name: 'Save' }).click();
    await field.fill('First, all mine\nLast');
    await fixture.api.send('PATCH', `/comments/${comment.id}`, { body: 'First\nLast, theirs' });
    proxy.resume();
    await eventually(body, 'First, mine\nLast');
    await ann.getByTestId('comment').getByText('your edit is not saved').waitFor();
    assert.equal(await field.inputValue(), 'First, all mine\nLast');
    await ann.getByRole('button', { name: 'Save' }).click();
    await eventually(body, 'First, all mine\nLast');
    await field.waitFor({ state: 'detached' });
    expectNoErrors(ann);
    await closeWindows(ann);
    await proxy.stop();
  });

  test('an edit that is saved after its card was reopened is shown as saved', async () => {
    const { card, taskId } = await boardWithCard(fixture, 'reopened');
    await fixture.api.send('POST', `/tasks/${taskId}/comments`, { body: 'As it was' });
    const proxy = await startProxy(fixture.server.url);
    const ann = await openWindow(fixture.browser, proxy.url, 'ann', card);
    const field = ann.getByLabel('Edited comment', { exact: true });
    await ann.getByRole('button', { name: 'Edit comment' }).click();
    await field.fill('As it is');
    proxy.holdReplies();
    await ann.getByRole('button', { name: 'Save' }).click();
    await eventually(async () => (await fixture.api.get(`/tasks/${taskId}`)).comments[0].body, 'As it is');
    await ann.getByRole('button', { name: 'Close', exact: true }).click();
    await openCard(ann, 'First');
    proxy.resume();
    await ann.getByTestId('comment').getByText('As it is').waitFor();
    await field.waitFor({ state: 'detached' });
    assert.equal(await ann.getByTestId('comment').getByText('your edit is not saved').count(), 0);
    expectNoErrors(ann);
    await closeWindows(ann);
    await proxy.stop();
  });

  test('taking the other version of a comment can be undone', async () => {
    const { card, taskId } = await boardWithCard(fixture, 'taken');
    const { comment } = await fixture.api.send('POST', `/tasks/${taskId}/comments`, { body: 'As it was' });
    const ann = await fixture.openWindow('ann', card);
    const field = ann.getByLabel('Edited comment', { exact: true });
    await ann.getByRole('button', { name: 'Edit comment' }).click();
    await field.fill('All mine');
    await fixture.api.send('PATCH', `/comments/${comment.id}`, { body: 'All theirs' });
    await ann.getByTestId('comment').getByText(', edited').waitFor();
    await ann.getByRole('button', { name: 'Save' }).click();
    await ann.getByRole('button', { name: 'Take theirs' }).click();
    await ann.getByTestId('comment').getByText('All theirs').waitFor();
    await ann.getByRole('button', { name: 'Undo' }).click();
    assert.equal(await field.inputValue(), 'All mine');
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('Escape in a title can be undone', async () => {
    const { card, taskId } = await boardWithCard(fixture, 'escaped');
    const ann = await fixture.openWindow('ann', card);
    const field = ann.getByLabel('Title', { exact: true });
    await field.fill('A better title');
    await field.press('Escape');
    await eventually(() => field.inputValue(), 'First');
    await ann.getByRole('button', { name: 'Undo' }).click();
    await eventually(async () => (await fixture.api.get(`/tasks/${taskId}`)).task.title, 'A better title');
    await eventually(() => field.inputValue(), 'A better title');

    // A title that somebody else has set meanwhile is not overwritten.
    await field.fill('The best title');
    await field.press('Escape');
    await eventually(() => field.inputValue(), 'A better title');
    await eventually(async () => (await fixture.api.get(`/tasks/${taskId}`)).task.title, 'A better title');
    await fixture.api.send('PATCH', `/tasks/${taskId}`, { title: 'All theirs' });
    await eventually(() => field.inputValue(), 'All theirs');
    await ann.getByRole('button', { name: 'Undo' }).click();
    const clash = ann.getByTestId('clash');
    await clash.getByRole('region', { name: 'Your version' }).getByText('The best title').waitFor();
    await field.focus();
    await field.press('Escape');
    await clash.getByRole('region', { name: 'Your version' }).getByText('The best title').waitFor();
    assert.equal((await fixture.api.get(`/tasks/${taskId}`)).task.title, 'All theirs');
    await clash.getByRole('button', { name: 'Keep mine' }).click();
    await eventually(async () => (await fixture.api.get(`/tasks/${taskId}`)).task.title, 'The best title');

    // Typing on ends the chance to undo.
    await field.fill('One');
    await field.press('Escape');
    await ann.getByRole('button', { name: 'Undo' }).waitFor();
    await field.fill('Two');
    await ann.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' });
    expectNoErrors(ann);
    await closeWindows(ann);
  });
});
