// What somebody typed and has not been taken by the server: it is still there when it is refused, when the page is loaded anew,
// when the connection ends in the middle, and when somebody else was faster.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startProxy } from '../js/proxy.mjs';
import { faultsOf } from './accessibility.mjs';
import { column, eventually, live, openCard, titles, windowOf } from './browser.mjs';
import { clean, close, startStage } from './stage.mjs';

describe('unsaved text', () => {
  const stage = startStage('ann');

  async function board(id) {
    const made = await stage.api.board(id);
    await stage.api.task(id, { id: `${id}-one`, title: 'First', columnId: made.columns[0].id });
    return { path: `/boards/${id}`, card: `/boards/${id}/tasks/${id}-one`, one: `${id}-one`, columns: made.columns };
  }
  const newCard = async (page) => {
    await column(page, 'To Do').getByRole('button', { name: 'New card', exact: true }).click();
    return page.getByLabel('Title of the new card in To Do');
  };
  const again = async (page) => {
    await page.reload();
    await live(page);
  };

  test('refused new cards return to their field in order, and survive a reload', async () => {
    const { path, columns } = await board('refused');
    await stage.api.send('PATCH', `/columns/${columns[0].id}`, { wip_limit: 1 });
    const ann = await stage.windowOf('ann', path, { permissions: ['clipboard-read', 'clipboard-write'] });
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
    await again(ann);
    field = await newCard(ann);
    assert.equal(await field.inputValue(), 'One\nTwo\nThree');
    await stage.api.send('PATCH', `/columns/${columns[0].id}`, { wip_limit: null });
    await ann.getByRole('button', { name: 'Add 3 cards', exact: true }).click();
    await eventually(() => titles(ann, 'To Do'), ['First', 'One', 'Two', 'Three']);
    await eventually(() => field.inputValue(), '');
    clean(ann);
    await close(ann);
  });

  test('drafts of a new card, column and comment survive a reload, for their author only', async () => {
    const { path, card } = await board('half');
    const ann = await stage.windowOf('ann', path);
    await (await newCard(ann)).fill('A new ca');
    await ann.keyboard.press('Escape');
    await ann.getByRole('button', { name: 'Add column' }).click();
    await ann.getByLabel('Name of the new column').fill('A new col');
    await again(ann);
    assert.equal(await (await newCard(ann)).inputValue(), 'A new ca');
    await ann.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await (await newCard(ann)).inputValue(), '', 'who cancels has decided');
    await ann.getByRole('button', { name: 'Cancel' }).click();
    await ann.getByRole('button', { name: 'Add column' }).click();
    assert.equal(await ann.getByLabel('Name of the new column').inputValue(), 'A new col');
    await ann.getByLabel('Name of the new column').press('Enter');
    await column(ann, 'A new col').waitFor();

    await ann.goto(stage.server.url + card);
    await ann.getByLabel('Comment', { exact: true }).fill('I think');
    await again(ann);
    assert.equal(await ann.getByLabel('Comment', { exact: true }).inputValue(), 'I think');
    await ann.getByLabel('Comment', { exact: true }).press('Control+Enter');
    await ann.getByTestId('comment').getByText('I think').waitFor();
    await again(ann);
    await ann.getByTestId('comment').getByText('I think').waitFor();
    assert.equal(await ann.getByLabel('Comment', { exact: true }).inputValue(), '');
    clean(ann);
    await close(ann);
  });

  test('a comment without a reply is a draft after the page was left', async () => {
    const { card, one } = await board('unanswered');
    const proxy = await startProxy(stage.server.url);
    const ann = await windowOf(stage.browser, proxy.url, 'ann', card);
    await ann.getByLabel('Comment', { exact: true }).fill('Said into the void');
    proxy.stall();
    await ann.getByLabel('Comment', { exact: true }).press('Control+Enter');
    await ann.locator('.comment-pending').getByText('Said into the void').waitFor();
    await ann.goto('about:blank');
    proxy.cut();
    proxy.flow();
    await ann.goto(proxy.url + card);
    await live(ann);
    assert.equal(await ann.getByLabel('Comment', { exact: true }).inputValue(), 'Said into the void');
    assert.deepEqual((await stage.api.get(`/tasks/${one}`)).comments, []);
    await close(ann);
    await proxy.stop();
  });

  test('a new column name stays in its field while offline', async () => {
    const { path } = await board('renamed');
    const proxy = await startProxy(stage.server.url);
    const ann = await windowOf(stage.browser, proxy.url, 'ann', path);
    await ann.getByRole('heading', { name: 'To Do', exact: true }).dblclick();
    const field = ann.getByLabel('New name for To Do');
    await field.fill('Some day');
    proxy.refuse();
    await ann.locator('[data-testid=connection]:not([data-state=live])').waitFor();
    await field.press('Enter');
    await ann.getByText('You are offline, so nothing was changed').waitFor();
    assert.equal(await field.inputValue(), 'Some day');
    proxy.accept();
    await live(ann);
    await field.press('Enter');
    await ann.getByRole('heading', { name: 'Some day', exact: true }).waitFor();
    clean(ann);
    await close(ann);
    await proxy.stop();
  });

  test('Escape keeps an edited comment as a draft, and Cancel can be undone for some seconds', async () => {
    const { card, one } = await board('closed');
    await stage.api.send('POST', `/tasks/${one}/comments`, { body: 'As it was' });
    const ann = await stage.windowOf('ann', card, { clock: true });
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
    assert.deepEqual(await faultsOf(ann), []);
    await change.click();
    assert.equal(await field.inputValue(), 'Half a thought');
    await unsaved.waitFor();
    await field.press('Escape');
    await again(ann);
    assert.equal(await field.inputValue(), 'Half a thought');

    const cancel = async () => {
      await ann.getByRole('button', { name: 'Cancel' }).click();
      await field.waitFor({ state: 'detached' });
      await eventually(focused('aria-label'), 'Undo');
    };
    await cancel();
    assert.equal(await unsaved.count(), 0);
    assert.deepEqual(await faultsOf(ann), []);
    await ann.keyboard.press('Enter');
    assert.equal(await field.inputValue(), 'Half a thought');
    // Also after the card was closed and opened again.
    await cancel();
    await ann.getByRole('button', { name: 'Close' }).click();
    await openCard(ann, 'First');
    await undo.click();
    assert.equal(await field.inputValue(), 'Half a thought');
    await cancel();
    await ann.clock.fastForward('00:09');
    await undo.waitFor({ state: 'detached' });
    await eventually(focused('aria-label'), 'Edit comment');
    await again(ann);
    await change.click();
    assert.equal(await field.inputValue(), 'As it was');
    clean(ann);
    await close(ann);
  });

  test('saving a comment does not overwrite an edit made elsewhere', async () => {
    const { card, one } = await board('comment');
    const { comment } = await stage.api.send('POST', `/tasks/${one}/comments`, { body: 'The first line\nThe last line' });
    const ann = await stage.windowOf('ann', card);
    const body = async () => (await stage.api.get(`/tasks/${one}`)).comments[0].body;
    const change = async (text) => {
      await ann.getByRole('button', { name: 'Edit comment' }).click();
      await ann.getByLabel('Edited comment', { exact: true }).fill(text);
    };
    const elsewhere = async (text, shown) => {
      await stage.api.send('PATCH', `/comments/${comment.id}`, { body: text });
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
    await again(ann);
    await ann.getByRole('button', { name: 'Save' }).click();
    await ann.getByTestId('clash').getByRole('region', { name: 'Current version' }).getByText('All of it theirs').waitFor();
    assert.equal(await body(), 'All of it theirs');
    await ann.getByTestId('clash').getByRole('button', { name: 'Keep both' }).click();
    await eventually(body, 'All of it theirs\nAll mine');
    clean(ann);
    await close(ann);
  });

  test('another tab takes over a draft only when its tab is closed', async () => {
    const { card } = await board('tabs');
    const first = await stage.windowOf('ann', card);
    const field = (page) => page.getByLabel('Comment', { exact: true });
    await field(first).fill('Written in the first tab');
    const second = await first.context().newPage();
    // However long ago it was typed.
    await second.clock.install({ time: Date.now() + 3_600_000 });
    await second.goto(stage.server.url + card);
    await live(second);
    await second.waitForTimeout(3_000);
    assert.equal(await field(second).inputValue(), '');
    await again(first);
    assert.equal(await field(first).inputValue(), 'Written in the first tab');

    await first.close();
    await eventually(() => field(second).inputValue(), 'Written in the first tab');
    await again(second);
    assert.equal(await field(second).inputValue(), 'Written in the first tab');
    await field(second).press('Control+Enter');
    await second.getByTestId('comment').getByText('Written in the first tab').waitFor();
    const third = await second.context().newPage();
    await third.goto(stage.server.url + card);
    await live(third);
    await third.waitForTimeout(3_000);
    assert.equal(await field(third).inputValue(), '');
    await close(second);
  });

  test('another tab takes over the draft of a killed tab', async () => {
    const { card } = await board('killed');
    const first = await stage.windowOf('ann', card);
    const field = (page) => page.getByLabel('Comment', { exact: true });
    await field(first).fill('Written before the end');
    const second = await first.context().newPage();
    await second.goto(stage.server.url + card);
    await live(second);
    // As in a tab that the system kills, nothing runs any more.
    await first.evaluate(() => addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true));
    await first.close();
    await eventually(() => field(second).inputValue(), 'Written before the end');
    await close(second);
  });

  test('a tab that returns still has its draft, until the tab that took it over has sent it', async () => {
    const { card } = await board('back');
    const first = await stage.windowOf('ann', card);
    const field = (page) => page.getByLabel('Comment', { exact: true });
    await field(first).fill('Half a thought');
    await first.goto('about:blank');
    const second = await first.context().newPage();
    await second.goto(stage.server.url + card);
    await eventually(() => field(second).inputValue(), 'Half a thought');
    await first.goto(stage.server.url + card);
    await eventually(() => field(first).inputValue(), 'Half a thought');
    // It is nobody else's to take.
    await first.goto('about:blank');
    const third = await first.context().newPage();
    await third.goto(stage.server.url + card);
    await live(third);
    await third.waitForTimeout(3_000);
    assert.equal(await field(third).inputValue(), '');
    await field(second).fill('A whole thought');
    await field(second).press('Control+Enter');
    await third.getByTestId('comment').getByText('A whole thought').waitFor();
    await first.goto(stage.server.url + card);
    await live(first);
    await first.waitForTimeout(3_000);
    assert.equal(await field(first).inputValue(), '');
    await close(first);
  });

  test('a duplicated tab keeps its own drafts', async () => {
    const { card } = await board('copied');
    const first = await stage.windowOf('ann', card);
    const field = (page) => page.getByLabel('Comment', { exact: true });
    await field(first).fill('In the first');
    const opened = first.context().waitForEvent('page');
    await first.evaluate(() => void globalThis.open(location.href));
    const copy = await opened;
    await live(copy);
    const name = (page) => page.evaluate(() => sessionStorage.getItem('boardwire-tab'));
    await eventually(async () => (await name(copy)) === (await name(first)), false);
    await field(copy).fill('In the copy');
    await again(first);
    await again(copy);
    assert.deepEqual([await field(first).inputValue(), await field(copy).inputValue()], ['In the first', 'In the copy']);
    await close(first);
  });

  test('text typed while a comment is being saved is an edit of the saved text', async () => {
    const { card, one } = await board('saving');
    const { comment } = await stage.api.send('POST', `/tasks/${one}/comments`, { body: 'First\nLast' });
    const proxy = await startProxy(stage.server.url);
    const ann = await windowOf(stage.browser, proxy.url, 'ann', card);
    const body = async () => (await stage.api.get(`/tasks/${one}`)).comments[0].body;
    const field = ann.getByLabel('Edited comment', { exact: true });
    await ann.getByRole('button', { name: 'Edit comment' }).click();
    await field.fill('First, mine\nLast');
    proxy.stall();
    await ann.getByRole('button', { name: 'Save' }).click();
    await field.fill('First, all mine\nLast');
    await stage.api.send('PATCH', `/comments/${comment.id}`, { body: 'First\nLast, theirs' });
    proxy.flow();
    await eventually(body, 'First, mine\nLast');
    await ann.getByTestId('comment').getByText('your edit is not saved').waitFor();
    assert.equal(await field.inputValue(), 'First, all mine\nLast');
    await ann.getByRole('button', { name: 'Save' }).click();
    await eventually(body, 'First, all mine\nLast');
    await field.waitFor({ state: 'detached' });
    clean(ann);
    await close(ann);
    await proxy.stop();
  });

  test('an edit that is saved after its card was reopened is shown as saved', async () => {
    const { card, one } = await board('reopened');
    await stage.api.send('POST', `/tasks/${one}/comments`, { body: 'As it was' });
    const proxy = await startProxy(stage.server.url);
    const ann = await windowOf(stage.browser, proxy.url, 'ann', card);
    const field = ann.getByLabel('Edited comment', { exact: true });
    await ann.getByRole('button', { name: 'Edit comment' }).click();
    await field.fill('As it is');
    proxy.mute();
    await ann.getByRole('button', { name: 'Save' }).click();
    await eventually(async () => (await stage.api.get(`/tasks/${one}`)).comments[0].body, 'As it is');
    await ann.getByRole('button', { name: 'Close', exact: true }).click();
    await openCard(ann, 'First');
    proxy.flow();
    await ann.getByTestId('comment').getByText('As it is').waitFor();
    await field.waitFor({ state: 'detached' });
    assert.equal(await ann.getByTestId('comment').getByText('your edit is not saved').count(), 0);
    clean(ann);
    await close(ann);
    await proxy.stop();
  });

  test('taking the other version of a comment can be undone', async () => {
    const { card, one } = await board('taken');
    const { comment } = await stage.api.send('POST', `/tasks/${one}/comments`, { body: 'As it was' });
    const ann = await stage.windowOf('ann', card);
    const field = ann.getByLabel('Edited comment', { exact: true });
    await ann.getByRole('button', { name: 'Edit comment' }).click();
    await field.fill('All mine');
    await stage.api.send('PATCH', `/comments/${comment.id}`, { body: 'All theirs' });
    await ann.getByTestId('comment').getByText(', edited').waitFor();
    await ann.getByRole('button', { name: 'Save' }).click();
    await ann.getByRole('button', { name: 'Take theirs' }).click();
    await ann.getByTestId('comment').getByText('All theirs').waitFor();
    await ann.getByRole('button', { name: 'Undo' }).click();
    assert.equal(await field.inputValue(), 'All mine');
    clean(ann);
    await close(ann);
  });

  test('Escape in a title can be undone', async () => {
    const { card, one } = await board('escaped');
    const ann = await stage.windowOf('ann', card);
    const field = ann.getByLabel('Title', { exact: true });
    await field.fill('A better title');
    await field.press('Escape');
    await eventually(() => field.inputValue(), 'First');
    await ann.getByRole('button', { name: 'Undo' }).click();
    await eventually(async () => (await stage.api.get(`/tasks/${one}`)).task.title, 'A better title');
    await eventually(() => field.inputValue(), 'A better title');

    // What somebody else has made of it meanwhile is not written over.
    await field.fill('The best title');
    await field.press('Escape');
    await eventually(() => field.inputValue(), 'A better title');
    await eventually(async () => (await stage.api.get(`/tasks/${one}`)).task.title, 'A better title');
    await stage.api.send('PATCH', `/tasks/${one}`, { title: 'All theirs' });
    await eventually(() => field.inputValue(), 'All theirs');
    await ann.getByRole('button', { name: 'Undo' }).click();
    const clash = ann.getByTestId('clash');
    await clash.getByRole('region', { name: 'Your version' }).getByText('The best title').waitFor();
    await field.focus();
    await field.press('Escape');
    await clash.getByRole('region', { name: 'Your version' }).getByText('The best title').waitFor();
    assert.equal((await stage.api.get(`/tasks/${one}`)).task.title, 'All theirs');
    await clash.getByRole('button', { name: 'Keep mine' }).click();
    await eventually(async () => (await stage.api.get(`/tasks/${one}`)).task.title, 'The best title');

    // Who writes on has decided.
    await field.fill('One');
    await field.press('Escape');
    await ann.getByRole('button', { name: 'Undo' }).waitFor();
    await field.fill('Two');
    await ann.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' });
    clean(ann);
    await close(ann);
  });
});
