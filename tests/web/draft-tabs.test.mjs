// The drafts of several tabs of one browser.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually, reload, waitUntilLive } from './browser.mjs';
import { boardWithCard, closeWindows, startFixture } from './fixture.mjs';

describe('drafts in several tabs', () => {
  const fixture = startFixture('ann');

  test('another tab takes over a draft only when its tab is closed', async () => {
    const { card } = await boardWithCard(fixture, 'tabs');
    const first = await fixture.openWindow('ann', card);
    const field = (page) => page.getByLabel('Comment', { exact: true });
    await field(first).fill('Written in the first tab');
    const second = await first.context().newPage();
    // Even if it was typed an hour ago.
    await second.clock.install({ time: Date.now() + 3_600_000 });
    await second.goto(fixture.server.url + card);
    await waitUntilLive(second);
    await second.waitForTimeout(3_000);
    assert.equal(await field(second).inputValue(), '');
    await reload(first);
    assert.equal(await field(first).inputValue(), 'Written in the first tab');

    await first.close();
    await eventually(() => field(second).inputValue(), 'Written in the first tab');
    await reload(second);
    assert.equal(await field(second).inputValue(), 'Written in the first tab');
    await field(second).press('Control+Enter');
    await second.getByTestId('comment').getByText('Written in the first tab').waitFor();
    const third = await second.context().newPage();
    await third.goto(fixture.server.url + card);
    await waitUntilLive(third);
    await third.waitForTimeout(3_000);
    assert.equal(await field(third).inputValue(), '');
    await closeWindows(second);
  });

  test('another tab takes over the draft of a killed tab', async () => {
    const { card } = await boardWithCard(fixture, 'killed');
    const first = await fixture.openWindow('ann', card);
    const field = (page) => page.getByLabel('Comment', { exact: true });
    await field(first).fill('Written before the end');
    const second = await first.context().newPage();
    await second.goto(fixture.server.url + card);
    await waitUntilLive(second);
    // As in a tab that the system kills, no handler of the page runs.
    await first.evaluate(() => addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true));
    await first.close();
    await eventually(() => field(second).inputValue(), 'Written before the end');
    await closeWindows(second);
  });

  test('a tab that returns still has its draft, until the tab that took it over has sent it', async () => {
    const { card } = await boardWithCard(fixture, 'back');
    const first = await fixture.openWindow('ann', card);
    const field = (page) => page.getByLabel('Comment', { exact: true });
    await field(first).fill('Half a thought');
    await first.goto('about:blank');
    const second = await first.context().newPage();
    await second.goto(fixture.server.url + card);
    await eventually(() => field(second).inputValue(), 'Half a thought');
    await first.goto(fixture.server.url + card);
    await eventually(() => field(first).inputValue(), 'Half a thought');
    // The draft is taken over already: no other tab takes it.
    await first.goto('about:blank');
    const third = await first.context().newPage();
    await third.goto(fixture.server.url + card);
    await waitUntilLive(third);
    await third.waitForTimeout(3_000);
    assert.equal(await field(third).inputValue(), '');
    await field(second).fill('A whole thought');
    await field(second).press('Control+Enter');
    await third.getByTestId('comment').getByText('A whole thought').waitFor();
    await first.goto(fixture.server.url + card);
    await waitUntilLive(first);
    await first.waitForTimeout(3_000);
    assert.equal(await field(first).inputValue(), '');
    await closeWindows(first);
  });

  test('a duplicated tab keeps its own drafts', async () => {
    const { card } = await boardWithCard(fixture, 'copied');
    const first = await fixture.openWindow('ann', card);
    const field = (page) => page.getByLabel('Comment', { exact: true });
    await field(first).fill('In the first');
    const opened = first.context().waitForEvent('page');
    await first.evaluate(() => void globalThis.open(location.href));
    const copy = await opened;
    await waitUntilLive(copy);
    const name = (page) => page.evaluate(() => sessionStorage.getItem('boardwire-tab'));
    await eventually(async () => (await name(copy)) === (await name(first)), false);
    await field(copy).fill('In the copy');
    await reload(first);
    await reload(copy);
    assert.deepEqual([await field(first).inputValue(), await field(copy).inputValue()], ['In the first', 'In the copy']);
    await closeWindows(first);
  });
});
