// The board in two and three windows: moving by mouse and keyboard, being offline, refusals, hostile titles.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startProxy } from '../js/proxy.mjs';
import { token } from '../js/server.mjs';
import { violationsOf } from './accessibility.mjs';
import { card, column, drag, eventually, saveScreenshot, waitUntilLive, openCard, titles, openWindow } from './browser.mjs';
import { startApi } from './api.mjs';
import { boardWithThreeCards, closeWindows, expectNoErrors, startFixture } from './fixture.mjs';

describe('the board', () => {
  const fixture = startFixture('ann', 'bob', 'cleo');

  test('a new card and its move appear in three windows', async () => {
    const { path } = await boardWithThreeCards(fixture, 'dragged');
    const [ann, bob, cleo] = await fixture.windows(path, 'ann', 'bob', 'cleo');
    await column(ann, 'To Do')
      .getByRole('button', { name: /New card/ })
      .last()
      .click();
    await ann.getByLabel(/Title of the new card/).fill('Fourth');
    await ann.keyboard.press('Enter');
    for (const page of [ann, bob, cleo]) await eventually(() => titles(page, 'To Do'), ['First', 'Second', 'Third', 'Fourth']);
    await ann.keyboard.press('Escape');

    await drag(ann, card(ann, 'First'), column(ann, 'In Progress'));
    for (const page of [ann, bob, cleo]) {
      await eventually(() => titles(page, 'In Progress'), ['First']);
      await eventually(() => titles(page, 'To Do'), ['Second', 'Third', 'Fourth']);
    }
    await drag(bob, card(bob, 'Fourth'), card(bob, 'Second'));
    for (const page of [ann, bob, cleo]) await eventually(() => titles(page, 'To Do').then((all) => all.indexOf('Fourth') < 2), true);
    assert.equal(await cleo.getByRole('button', { name: /New card/ }).count(), 0, 'a viewer has no buttons for changes');
    await saveScreenshot(ann, 'board');
    assert.deepEqual(await violationsOf(ann), []);
    expectNoErrors(ann, bob, cleo);
    await closeWindows(ann, bob, cleo);
  });

  test('a card is moved by keyboard, with announcements', async () => {
    const { path } = await boardWithThreeCards(fixture, 'keys');
    const [ann, bob] = await fixture.windows(path, 'ann', 'bob');
    const announcer = ann.getByTestId('announcer');
    await card(ann, 'First').focus();
    await ann.keyboard.press('Alt+ArrowDown');
    await eventually(() => titles(bob, 'To Do'), ['Second', 'First', 'Third']);
    assert.match(await announcer.textContent(), /First.*2 of 3/);
    await ann.keyboard.press('Alt+ArrowRight');
    await eventually(() => titles(bob, 'In Progress'), ['First']);
    await eventually(() => ann.evaluate(() => document.activeElement.textContent.includes('First')), true);

    // Lifted, moved and dropped with the keys of the drag-and-drop library.
    await card(ann, 'Third').focus();
    await ann.keyboard.press('Space');
    await ann.waitForTimeout(300);
    await ann.keyboard.press('ArrowUp');
    await ann.waitForTimeout(300);
    await ann.keyboard.press('Space');
    await eventually(() => titles(bob, 'To Do'), ['Third', 'Second']);
    await ann.keyboard.press('ArrowDown');
    await eventually(() => ann.evaluate(() => document.activeElement.textContent.includes('Second')), true);
    await ann.keyboard.press('Enter');
    await ann.getByTestId('card-page').waitFor();
    await ann.keyboard.press('Escape');
    await ann.getByTestId('card-page').waitFor({ state: 'detached' });
    expectNoErrors(ann, bob);
    await closeWindows(ann, bob);
  });

  test('a card glows when another user changes it', async () => {
    const { path } = await boardWithThreeCards(fixture, 'glowing');
    const bob = await fixture.openWindow('bob', path);
    const glows = (title) => card(bob, title).evaluate((element) => element.getAnimations().some(({ effect }) => 'boxShadow' in effect.getKeyframes()[0]));
    await fixture.api.send('PATCH', '/tasks/glowing-second', { priority: 5 });
    await eventually(() => glows('Second'), true);
    assert.equal(await glows('First'), false);
    expectNoErrors(bob);
    await closeWindows(bob);
  });

  test('four columns fit into 1440 pixels', async () => {
    const { path, id } = await boardWithThreeCards(fixture, 'four');
    await fixture.api.send('POST', `/boards/${id}/columns`, { name: 'Review' });
    const ann = await fixture.openWindow('ann', path, { viewport: { width: 1440, height: 900 } });
    await column(ann, 'Review').waitFor();
    assert.equal(await ann.evaluate(() => document.documentElement.scrollWidth), 1440);
    await ann.getByRole('button', { name: 'Add column' }).click();
    await ann.getByLabel('Name of the new column').waitFor();
    assert.equal(await ann.evaluate(() => document.documentElement.scrollWidth), 1440);
    await closeWindows(ann);
  });

  test('shows viewers, their open cards and typing users', async () => {
    const { path } = await boardWithThreeCards(fixture, 'company');
    const [ann, bob] = await fixture.windows(path, 'ann', 'bob');
    await ann.getByTestId('viewers').getByLabel('Bob').waitFor();
    await openCard(bob, 'Second');
    await card(ann, 'Second').getByLabel(/Bob/).waitFor();
    await openCard(ann, 'Second');
    await ann.getByTestId('also-here').getByText('Bob is viewing').waitFor();
    await bob.getByLabel('Comment', { exact: true }).pressSequentially('Hel');
    await ann.getByTestId('typists').getByText('Bob is typing').waitFor();
    await saveScreenshot(ann, 'typing');
    // A closed window is neither typing nor viewing.
    await closeWindows(bob);
    await ann.getByTestId('typists').getByText('Bob is typing').waitFor({ state: 'detached' });
    await ann.getByTestId('also-here').waitFor({ state: 'detached' });
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('agents and the cards that they hold are marked', async () => {
    fixture.server.run(['user', 'create', '--id', 'scout', '--name', 'Scout', '--agent']);
    const { id, path } = await boardWithThreeCards(fixture, 'agents');
    await fixture.api.send('PUT', `/boards/${id}/members/scout`, { role: 'member' });
    const [ann] = await fixture.windows(path, 'ann');
    const scout = startApi(fixture.server.url, token('scout'));
    await scout.send('POST', `/boards/${id}/claims`, { taskId: `${id}-first`, agent: 'scout-7' });
    await card(ann, 'First').getByTestId('card-agent').getByText('scout-7').waitFor();
    await fixture.api.send('PUT', `/tasks/${id}-second/assignee`, { assignee: 'scout' });
    await card(ann, 'Second').getByRole('img', { name: 'Assigned to Scout (agent)' }).waitFor();
    await saveScreenshot(ann, 'agents');
    assert.deepEqual(await violationsOf(ann), []);
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('changes are refused visibly while offline, and missed changes appear afterwards', async () => {
    const { path, id, columns } = await boardWithThreeCards(fixture, 'offline');
    const proxy = await startProxy(fixture.server.url);
    const ann = await openWindow(fixture.browser, proxy.url, 'ann', path);
    proxy.refuse();
    await ann.locator('[data-testid=connection][data-state=reconnecting]').waitFor();
    await card(ann, 'First').focus();
    await ann.keyboard.press('Alt+ArrowDown');
    await ann.getByRole('alert').getByText('You are offline').waitFor();
    assert.deepEqual(await titles(ann, 'To Do'), ['First', 'Second', 'Third']);
    await saveScreenshot(ann, 'offline');
    await fixture.api.task(id, { title: 'Meanwhile', columnId: columns[0].id });
    await fixture.api.send('POST', `/tasks/${id}-second/move`, { toColumn: columns[2].id });
    proxy.accept();
    await waitUntilLive(ann);
    await ann.getByText('Caught up').waitFor();
    await eventually(() => titles(ann, 'To Do'), ['First', 'Third', 'Meanwhile']);
    assert.deepEqual(await titles(ann, 'Done'), ['Second']);
    expectNoErrors(ann);
    await closeWindows(ann);
    await proxy.stop();
  });

  test('a refused change is undone, with the reason', async () => {
    const { path, columns } = await boardWithThreeCards(fixture, 'refused');
    await fixture.api.send('PATCH', `/columns/${columns[1].id}`, { wip_limit: 1 });
    const ann = await fixture.openWindow('ann', path);
    await drag(ann, card(ann, 'First'), column(ann, 'In Progress'));
    await eventually(() => titles(ann, 'In Progress'), ['First']);
    await drag(ann, card(ann, 'Second'), column(ann, 'In Progress'));
    await ann
      .getByRole('alert')
      .getByText(/The move was undone/)
      .waitFor();
    await eventually(() => titles(ann, 'In Progress'), ['First']);
    await eventually(() => titles(ann, 'To Do'), ['Second', 'Third']);
    await saveScreenshot(ann, 'refused');
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('hostile titles are rendered as text', async () => {
    const { path, id, columns } = await boardWithThreeCards(fixture, 'hostile');
    const hostile = [
      '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>',
      'javascript:globalThis.hacked=1',
      '\u202Eesrever\u202C \u2066isolated',
      'W'.repeat(500),
    ];
    for (const [at, title] of hostile.entries()) {
      await fixture.api.task(id, {
        id: `hostile-${at}`,
        title,
        columnId: columns[0].id,
        tags: [title.slice(0, 50)],
        description: `${title}\n\n[link](javascript:globalThis.hacked=1) ![x](javascript:globalThis.hacked=1)`,
      });
    }
    const ann = await fixture.openWindow('ann', path);
    assert.deepEqual((await titles(ann, 'To Do')).slice(-4), hostile);
    const frame = await column(ann, 'To Do').boundingBox();
    for (const box of await Promise.all((await column(ann, 'To Do').getByTestId('card').all()).map((one) => one.boundingBox()))) {
      assert.ok(box.x >= frame.x && box.x + box.width <= frame.x + frame.width, 'a card stays in its column');
    }
    await saveScreenshot(ann, 'hostile');
    for (const at of hostile.keys()) {
      await ann.goto(`${fixture.server.url}${path}/tasks/hostile-${at}`);
      await ann.getByTestId('card-page').waitFor();
      await ann.locator('.markdown').first().waitFor();
      const targets = await ann.locator('.markdown a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      assert.deepEqual(
        targets.filter((href) => href !== null && !/^(https?|mailto):/.test(href)),
        [],
      );
    }
    await saveScreenshot(ann, 'hostile-card');
    assert.equal(await ann.evaluate(() => globalThis.hacked), undefined);
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('search and filters show matching cards', async () => {
    const { path, id } = await boardWithThreeCards(fixture, 'filtered');
    await fixture.api.send('PATCH', `/tasks/${id}-second`, { tags: ['urgent'], assignee: 'bob' });
    await fixture.api.send('POST', `/tasks/${id}-third/comments`, { body: 'Only a comment says pineapple' });
    const ann = await fixture.openWindow('ann', path);
    await ann.keyboard.press('/');
    await ann.keyboard.type('fir');
    await eventually(() => titles(ann, 'To Do'), ['First']);
    await ann.getByLabel('Search cards').fill('pineapple');
    await eventually(() => titles(ann, 'To Do'), ['Third']);
    await ann.getByLabel('Search cards').fill('nothing of the kind');
    await ann
      .getByText(/No matching cards/)
      .first()
      .waitFor();
    await ann.getByLabel('Search cards').fill('');
    await ann.getByRole('button', { name: 'Filters', exact: true }).click();
    await ann.getByLabel('Assignee').selectOption({ label: 'Bob' });
    await eventually(() => titles(ann, 'To Do'), ['Second']);
    assert.deepEqual(await violationsOf(ann), []);
    await ann.keyboard.press('Escape');

    // A forgotten filter does not hide search results silently.
    await ann.getByLabel('Search cards').fill('pineapple');
    await ann.getByText('1 more card matches, but is hidden by the filters.').waitFor();
    assert.deepEqual(await titles(ann, 'To Do'), []);
    await saveScreenshot(ann, 'hidden-by-filters');
    assert.deepEqual(await violationsOf(ann), []);
    await ann.getByRole('status').getByRole('button', { name: 'Show all cards' }).click();
    await eventually(() => titles(ann, 'To Do'), ['Third']);
    assert.equal(await ann.getByLabel('Search cards').inputValue(), 'pineapple');
    await ann.getByText(/hidden by the filters/).waitFor({ state: 'detached' });
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  test('columns are added, renamed, limited, moved and deleted', async () => {
    const { path } = await boardWithThreeCards(fixture, 'columns');
    const [ann, bob] = await fixture.windows(path, 'ann', 'bob');
    const names = (page) => page.getByTestId('column').getByRole('heading').allTextContents();
    await ann.getByRole('button', { name: /Add column/ }).click();
    await ann.getByLabel('Name of the new column').fill('Review');
    await ann.keyboard.press('Enter');
    await eventually(() => names(bob), ['To Do', 'In Progress', 'Done', 'Review']);
    await ann.getByRole('button', { name: 'Review menu' }).click();
    await ann.getByRole('menuitem', { name: 'Move left' }).click();
    await eventually(() => names(bob), ['To Do', 'In Progress', 'Review', 'Done']);
    await ann.getByRole('button', { name: 'To Do menu' }).click();
    await ann.getByRole('menuitem', { name: 'Limit and status' }).click();
    await ann.getByLabel('Card limit').fill('2');
    await ann.getByRole('button', { name: 'Save' }).click();
    await column(bob, 'To Do').getByText(/3.*2/).waitFor();
    await ann.getByRole('button', { name: 'To Do menu' }).click();
    await ann.getByRole('menuitem', { name: 'Delete column' }).click();
    await ann.getByRole('alertdialog').getByRole('combobox').selectOption({ label: 'Review' });
    await ann.getByRole('alertdialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await eventually(() => names(bob), ['In Progress', 'Review', 'Done']);
    await eventually(() => titles(bob, 'Review'), ['First', 'Second', 'Third']);
    expectNoErrors(ann, bob);
    await closeWindows(ann, bob);
  });
});
