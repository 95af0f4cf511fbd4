// A board of 5,000 cards: only visible cards are rendered, and changes by others appear. Times are printed and not checked,
// because machines differ.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { card, eventually, saveScreenshot, waitUntilLive, titles } from './browser.mjs';
import { expectNoErrors, closeWindows, startFixture } from './fixture.mjs';

const CARDS = 5_000;
const COLUMNS = 5;
/** How many requests are sent at a time. */
const WRITERS = 16;
/** How many cards may be rendered: the visible ones and some beyond the edges. */
const MAX_RENDERED = 200;

const fixture = startFixture('ann', 'bob');

test('shows 5,000 cards, and a move appears in another window', async (t) => {
  const { api } = fixture;
  const columns = Array.from({ length: COLUMNS }, (_, at) => ({ name: `Column ${at + 1}` }));
  const created = await api.send('POST', '/boards', { id: 'large', name: 'Large', columns });
  await api.send('PUT', '/boards/large/members/bob', { role: 'member' });
  let next = 0;
  const write = async () => {
    for (let at = next++; at < CARDS; at = next++) {
      await api.task('large', { id: `c${at}`, title: `Card ${at}`, columnId: created.columns[at % COLUMNS].id, tags: [`tag ${at % 20}`], priority: at % 11 });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));

  const [ann, bob] = await Promise.all(['ann', 'bob'].map((user) => fixture.openWindow(user)));
  const start = Date.now();
  await ann.goto(`${fixture.server.url}/boards/large`);
  await ann.getByTestId('card').first().waitFor();
  t.diagnostic(`first view of ${CARDS} cards: ${Date.now() - start} ms`);
  await waitUntilLive(ann);
  await bob.goto(`${fixture.server.url}/boards/large`);
  await waitUntilLive(bob);
  for (const page of [ann, bob]) {
    await page.getByTestId('card').first().waitFor();
    const rendered = await page.getByTestId('card').count();
    assert.ok(rendered > 10 && rendered < MAX_RENDERED, `${rendered} cards are rendered`);
  }
  const counts = await ann.getByTestId('column-count').allTextContents();
  assert.deepEqual(counts, Array(COLUMNS).fill(String(CARDS / COLUMNS)));

  const [first, second] = await titles(ann, 'Column 1');
  await eventually(() => titles(bob, 'Column 1').then((all) => all.slice(0, 2)), [first, second]);
  // The pages record the times themselves, so that only the time between them is measured.
  await bob.evaluate((title) => {
    globalThis.seen = new Promise((resolve) => {
      const check = () => document.querySelector('[data-testid=card-title]')?.textContent === title && resolve(Date.now());
      new MutationObserver(check).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
  }, second);
  await card(ann, first).first().focus();
  await ann.evaluate(() => {
    globalThis.pressed = new Promise((resolve) => addEventListener('keydown', ({ key }) => key === 'ArrowDown' && resolve(Date.now()), { capture: true }));
  });
  await ann.keyboard.press('Alt+ArrowDown');
  const [pressed, seen] = [await ann.evaluate(() => globalThis.pressed), await bob.evaluate(() => globalThis.seen)];
  t.diagnostic(`a move appeared in the other window after ${seen - pressed} ms`);
  await eventually(() => titles(bob, 'Column 1').then((all) => all.slice(0, 2)), [second, first]);

  // A card far down is rendered when it is searched for.
  await ann.getByLabel('Search cards').fill('Card 4999');
  await eventually(() => titles(ann, 'Column 5'), ['Card 4999']);
  await saveScreenshot(ann, 'large');
  expectNoErrors(ann, bob);
  await closeWindows(ann, bob);
});
