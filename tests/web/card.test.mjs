// The card page: editing in place, comments with mentions, files, dependencies, leases, history, conflicts, deletion.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { startProxy } from '../js/proxy.mjs';
import { token } from '../js/server.mjs';
import { violationsOf } from './accessibility.mjs';
import { startApi } from './api.mjs';
import { card, eventually, saveScreenshot, openCard, titles, openWindow } from './browser.mjs';
import { expectNoErrors, closeWindows, startFixture } from './fixture.mjs';

describe('the card page', () => {
  const fixture = startFixture('ann', 'bob', 'cleo');
  let bobsApi;
  before(() => (bobsApi = startApi(fixture.server.url, token('bob'))));

  async function board(id) {
    const created = await fixture.api.board(id, { bob: 'member', cleo: 'viewer' });
    await fixture.api.task(id, { id: `${id}-one`, title: 'Write the notes', columnId: created.columns[0].id });
    await fixture.api.task(id, { id: `${id}-two`, title: 'Read the notes', columnId: created.columns[0].id });
    return { id, columns: created.columns, path: `/boards/${id}`, one: `${id}-one`, two: `${id}-two` };
  }

  test('title and description are edited in place, live for others', async () => {
    const { path } = await board('written');
    const [ann, bob] = await fixture.windows(path, 'ann', 'bob');
    await openCard(ann, 'Write the notes');
    await ann.getByLabel('Title').fill('Write all the notes');
    await ann.keyboard.press('Enter');
    await card(bob, 'Write all the notes').waitFor();

    await ann.getByRole('button', { name: 'Edit', exact: true }).click();
    await ann.getByLabel('Description').fill('For **everybody**:\n\n- [x] one\n- [ ] two');
    await ann.keyboard.press('Control+Enter');
    await ann.locator('.markdown strong').getByText('everybody').waitFor();
    assert.equal(await ann.locator('.markdown input[type=checkbox]').count(), 2);
    await openCard(bob, 'Write all the notes');
    await bob.locator('.markdown strong').getByText('everybody').waitFor();

    // A user who has the field open without typing sees the changes.
    await ann.getByRole('button', { name: 'Edit', exact: true }).click();
    await bob.getByRole('button', { name: 'Edit', exact: true }).click();
    await bob.getByLabel('Description').fill('What Bob wrote');
    await bob.keyboard.press('Control+Enter');
    await eventually(() => ann.getByLabel('Description').inputValue(), 'What Bob wrote');
    assert.equal(await ann.getByText(/edited this while you were writing/).count(), 0);
    await ann.keyboard.press('Escape');
    await ann.locator('.markdown').getByText('What Bob wrote').waitFor();
    await saveScreenshot(ann, 'card');
    assert.deepEqual(await violationsOf(ann), []);
    expectNoErrors(ann, bob);
    await closeWindows(ann, bob);
  });

  test('an empty title is refused, and Escape restores the old one', async () => {
    const { path } = await board('untitled');
    const ann = await fixture.openWindow('ann', path);
    await openCard(ann, 'Write the notes');
    await ann.getByLabel('Title').fill('');
    await ann.keyboard.press('Enter');
    await ann.getByText('A card needs a title').waitFor();
    await eventually(() => ann.getByLabel('Title').inputValue(), 'Write the notes');
    await ann.getByLabel('Title').fill('Something else');
    await ann.keyboard.press('Escape');
    await ann.keyboard.press('Escape');
    await ann.getByTestId('card-page').waitFor({ state: 'detached' });
    await eventually(() => titles(ann, 'To Do'), ['Write the notes', 'Read the notes']);
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('a comment with a mention notifies the mentioned user in all tabs', async () => {
    const { path } = await board('mentioned');
    const [ann, bob] = await fixture.windows(path, 'ann', 'bob');
    const tab = await bob.context().newPage();
    await tab.goto(fixture.server.url);
    await openCard(ann, 'Write the notes');
    await ann.getByLabel('Comment', { exact: true }).pressSequentially('Please look, @bo');
    await ann.getByRole('listbox', { name: 'Members' }).getByRole('option', { name: /Bob/ }).waitFor();
    await ann.keyboard.press('Enter');
    assert.equal(await ann.getByLabel('Comment', { exact: true }).inputValue(), 'Please look, @bob ');
    await ann.keyboard.press('Control+Enter');
    await ann.getByTestId('comment').locator('.mention').getByText('@Bob').waitFor();

    await bob.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor();
    await tab.getByRole('button', { name: 'Notifications, 1 unread' }).click();
    await tab.getByRole('button', { name: /mentioned you/ }).click();
    await tab.getByTestId('card-page').waitFor();
    await bob.getByRole('button', { name: 'Notifications', exact: true }).waitFor();

    await ann.getByRole('button', { name: 'Edit comment' }).click();
    await ann.getByLabel('Edited comment').fill('Never mind');
    await ann.getByRole('button', { name: 'Save' }).click();
    await tab.getByTestId('comment').getByText('Never mind').waitFor();
    await ann.getByRole('button', { name: 'Delete comment' }).click();
    await tab.getByTestId('comment').waitFor({ state: 'detached' });
    expectNoErrors(ann, bob);
    await closeWindows(ann, bob);
  });

  test('a file is attached, shown, downloaded and removed', async () => {
    const { path } = await board('attached');
    const [ann, bob] = await fixture.windows(path, 'ann', 'bob');
    await openCard(ann, 'Write the notes');
    await openCard(bob, 'Write the notes');
    const file = { name: 'plan <b>.html', mimeType: 'text/html', buffer: Buffer.from('<script>alert(1)</script>') };
    await ann.getByLabel('Files to attach').setInputFiles(file);
    await bob.getByTestId('attachment').getByText('plan <b>.html').waitFor();
    const [download] = await Promise.all([bob.waitForEvent('download'), bob.getByRole('button', { name: /^Download/ }).click()]);
    assert.equal(await readFile(await download.path(), 'utf8'), '<script>alert(1)</script>');
    await ann.getByRole('button', { name: /^Remove plan/ }).click();
    await bob.getByTestId('attachment').waitFor({ state: 'detached' });
    expectNoErrors(ann, bob);
    await closeWindows(ann, bob);
  });

  test('deleting a comment or a file can be undone for some seconds', async () => {
    const { path, one } = await board('undone');
    const [ann, bob] = [await fixture.openWindow('ann', path, { clock: true }), await fixture.openWindow('bob', path)];
    await fixture.api.send('POST', `/tasks/${one}/comments`, { body: 'Not to be lost' });
    await openCard(ann, 'Write the notes');
    await openCard(bob, 'Write the notes');
    await ann.getByLabel('Files to attach').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') });
    await bob.getByTestId('attachment').waitFor();
    const remove = { comment: 'Delete comment', attachment: 'Remove plan.txt' };
    const commentsTab = ann.getByRole('button', { name: /^Comments/ });
    for (const [id, name] of Object.entries(remove)) {
      await ann.getByRole('button', { name }).click();
      await ann.getByTestId(id).waitFor({ state: 'detached' });
      assert.equal((await commentsTab.textContent()).trim(), id === 'comment' ? 'Comments' : 'Comments (1)');
      await eventually(() => ann.evaluate(() => document.activeElement.textContent.trim()), 'Undo');
      await saveScreenshot(ann, `deleted-${id}`);
      assert.deepEqual(await violationsOf(ann), []);
      await ann.keyboard.press('Enter');
      await ann.getByTestId(id).waitFor();
      await eventually(() => ann.evaluate(() => document.activeElement.getAttribute('aria-label')), name);
      // Longer than the deletion would have waited.
      await ann.clock.fastForward('00:09');
      await ann.getByTestId(id).waitFor();
      assert.equal(await bob.getByTestId(id).count(), 1);
    }
    for (const [id, name] of Object.entries(remove)) {
      await ann.getByRole('button', { name }).click();
      await ann.getByRole('button', { name: 'Undo' }).waitFor();
      assert.equal(await bob.getByTestId(id).count(), 1);
      await ann.clock.fastForward('00:09');
      await bob.getByTestId(id).waitFor({ state: 'detached' });
      await ann.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' });
      // For the user who deleted it as well.
      await ann.getByTestId(id).waitFor({ state: 'detached' });
    }
    // A failed deletion is reported once.
    const { comment } = await fixture.api.send('POST', `/tasks/${one}/comments`, { body: 'Gone already' });
    await ann.getByRole('button', { name: remove.comment }).click();
    await fixture.api.send('DELETE', `/comments/${comment.id}`);
    await bob.getByTestId('comment').waitFor({ state: 'detached' });
    await ann.clock.fastForward('00:09');
    await ann.getByRole('alert').getByText('The comment was not deleted').waitFor();
    assert.equal(await ann.getByText(/was undone/).count(), 0);
    expectNoErrors(ann, bob);
    await closeWindows(ann, bob);
  });

  test('a deletion is carried out when the page is left', async () => {
    const { path, one } = await board('left');
    const ann = await fixture.openWindow('ann', path, { clock: true });
    const comments = () => fixture.api.get(`/tasks/${one}`).then(({ comments }) => comments.map(({ body }) => body));
    for (const leave of ['reload', 'sign out']) {
      await fixture.api.send('POST', `/tasks/${one}/comments`, { body: leave });
      await ann.goto(`${fixture.server.url}${path}/tasks/${one}`);
      await ann.getByTestId('comment').getByText(leave).waitFor();
      await ann.getByRole('button', { name: 'Delete comment' }).click();
      await ann.getByRole('button', { name: 'Undo' }).waitFor();
      if (leave === 'reload') {
        await ann.reload();
      } else {
        await ann.getByRole('button', { name: 'Close' }).click();
        await ann.getByRole('button', { name: /account/ }).click();
        await ann.getByRole('menuitem', { name: 'Sign out' }).click();
      }
      await eventually(comments, []);
    }
    await closeWindows(ann);
  });

  test('there is no notice about the open card', async () => {
    const { path, one } = await board('reading');
    const [bob, elsewhere] = await fixture.windows(path, 'bob', 'bob');
    await openCard(bob, 'Write the notes');
    await fixture.api.send('POST', `/tasks/${one}/comments`, { body: 'Here, @bob' });
    for (const page of [bob, elsewhere]) await page.getByRole('button', { name: /Notifications, 1 unread/, includeHidden: true }).waitFor();
    await elsewhere
      .getByRole('region', { name: 'Notices' })
      .getByText(/mentioned you/)
      .waitFor();
    assert.equal(
      await bob
        .getByRole('region', { name: 'Notices' })
        .getByText(/mentioned you/)
        .count(),
      0,
    );
    expectNoErrors(bob, elsewhere);
    await closeWindows(bob, elsewhere);
  });

  test('axe finds no violations in a description with headings, checkboxes and wide tables', async () => {
    const { path, one } = await board('marked');
    await fixture.api.send('PATCH', `/tasks/${one}`, {
      description: '# Plan\n\n### Steps\n\n- [x] **one** &amp; only\n- [ ] two\n  - [ ] three\n\n`'.concat(
        'wide '.repeat(80),
        '`\n\n```\n',
        'wide '.repeat(80),
        '\n```\n',
      ),
    });
    const ann = await fixture.openWindow('ann', path);
    await openCard(ann, 'Write the notes');
    await ann.getByRole('checkbox', { name: 'one & only', checked: true }).waitFor();
    await ann.getByRole('checkbox', { name: 'three' }).waitFor();
    await saveScreenshot(ann, 'marked');
    assert.deepEqual(await violationsOf(ann), []);
    await ann.getByRole('button', { name: 'Edit', exact: true }).click();
    await ann.getByRole('textbox', { name: 'Comment', exact: true }).pressSequentially('@b');
    await ann.getByRole('listbox', { name: 'Members' }).getByRole('option', { name: /Bob/ }).waitFor();
    assert.deepEqual(await violationsOf(ann), []);
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('a dependency marks the card as blocked, and a cycle is refused with the reason', async () => {
    const { path } = await board('blocked');
    const ann = await fixture.openWindow('ann', path);
    await openCard(ann, 'Write the notes');
    await ann.getByRole('button', { name: 'Add a dependency' }).click();
    await ann.getByLabel('Other card').fill('read');
    await ann.keyboard.press('Enter');
    await ann.getByLabel('Other card').waitFor({ state: 'detached' });
    await ann.getByTestId('card-page').getByRole('link', { name: 'Read the notes' }).waitFor();
    await ann.keyboard.press('Escape');
    await ann.getByTestId('card-page').waitFor({ state: 'detached' });
    await card(ann, 'Write the notes').getByText('Blocked').waitFor();
    await openCard(ann, 'Read the notes');
    await ann.getByRole('button', { name: 'Add a dependency' }).click();
    await ann.getByLabel('Other card').fill('write');
    await ann.keyboard.press('Enter');
    await ann.getByRole('dialog').getByRole('alert').waitFor();
    await ann.keyboard.press('Escape');
    await ann.getByLabel('Other card').waitFor({ state: 'detached' });
    await ann.getByRole('button', { name: 'Complete' }).click();
    await ann.keyboard.press('Escape');
    await ann.getByTestId('card-page').waitFor({ state: 'detached' });
    await card(ann, 'Write the notes').getByText('Blocked').waitFor({ state: 'detached' });
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test("an agent's lease is shown on the card, and a user can release it", async () => {
    const { path, id, one } = await board('leased');
    await bobsApi.send('POST', `/boards/${id}/claims`, { taskId: one, agent: 'scout-7', ttl: 600 });
    const ann = await fixture.openWindow('ann', path);
    await card(ann, 'Write the notes').getByText('scout-7').waitFor();
    await openCard(ann, 'Write the notes');
    await ann.getByText(/is working on this until/).waitFor();
    await ann.getByRole('button', { name: 'Release' }).click();
    await ann.getByText(/is working on this until/).waitFor({ state: 'detached' });
    await card(ann, 'Write the notes').getByText('scout-7').waitFor({ state: 'detached' });
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('changes of properties appear live in another window and in the history', async () => {
    const { path } = await board('properties');
    const [ann, bob] = await fixture.windows(path, 'ann', 'bob');
    await openCard(ann, 'Write the notes');
    await openCard(bob, 'Write the notes');
    await bob.getByRole('button', { name: 'History' }).click();
    const history = bob.getByTestId('history');
    await history.getByText('created this card').waitFor();
    await ann.getByLabel('Assignee').selectOption({ label: 'Bob' });
    await ann.getByLabel('Priority').selectOption({ label: 'High' });
    await ann.getByLabel('Due').fill('2030-05-01');
    await ann.getByLabel('Add a label').fill('urgent');
    await ann.keyboard.press('Enter');
    await ann.getByLabel('Column').selectOption({ label: 'In Progress' });
    for (const words of [
      'assigned this card to Bob',
      'changed the priority to 7',
      'changed the due date to 2030-05-01',
      'changed the labels to urgent',
      'moved this card from To Do to In Progress',
    ]) {
      await history.getByText(words).waitFor();
    }
    assert.equal(await bob.getByLabel('Due').inputValue(), '2030-05-01');
    await saveScreenshot(bob, 'history');
    assert.deepEqual(await violationsOf(bob), []);
    expectNoErrors(ann, bob);
    await closeWindows(ann, bob);
  });

  test('the second of two conflicting changes is refused with the reason, and can be applied anyway', async () => {
    const { path, one } = await board('conflict');
    const proxy = await startProxy(fixture.server.url);
    const ann = await openWindow(fixture.browser, proxy.url, 'ann', `${path}/tasks/${one}`);
    const priority = ann.getByRole('combobox', { name: 'Priority' });
    await priority.waitFor();
    // Ann does not receive Bob's change before she makes hers.
    proxy.holdReplies();
    await bobsApi.send('PATCH', `/tasks/${one}`, { priority: 2 });
    await priority.selectOption({ label: 'Urgent' });
    proxy.resume();
    await ann
      .getByRole('alert')
      .getByText(/was undone/)
      .waitFor();
    await eventually(() => priority.inputValue(), '2');
    await saveScreenshot(ann, 'conflict');
    await ann.getByRole('button', { name: 'Apply mine anyway' }).click();
    await eventually(() => priority.inputValue(), '10');
    await eventually(() => fixture.api.get(`/tasks/${one}`).then(({ task }) => task.priority), 10);
    expectNoErrors(ann);
    await closeWindows(ann);
    await proxy.stop();
  });

  test('viewers cannot change a card, and a deleted card is reported', async () => {
    const { path } = await board('deleted');
    const [ann, cleo] = await fixture.windows(path, 'ann', 'cleo');
    await openCard(cleo, 'Write the notes');
    assert.equal(await cleo.getByRole('button', { name: 'Complete' }).count(), 0);
    assert.equal(await cleo.getByLabel('Comment', { exact: true }).count(), 0);
    assert.equal(await cleo.getByLabel('Assignee').isDisabled(), true);
    await openCard(ann, 'Write the notes');
    await ann.getByRole('button', { name: 'Delete card' }).click();
    await ann.getByRole('alertdialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await cleo.getByRole('heading', { name: 'This card does not exist' }).waitFor();
    await cleo.getByRole('button', { name: 'Back to the board' }).click();
    await eventually(() => titles(cleo, 'To Do'), ['Read the notes']);
    expectNoErrors(ann, cleo);
    await closeWindows(ann, cleo);
  });
});
