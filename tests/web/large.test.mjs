// A board of five thousand cards: only what is seen is drawn, and what others do is there at once. How long it takes is
// printed, not judged: machines differ.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { card, eventually, saveScreenshot, waitUntilLive, titles } from './browser.mjs';
import { expectNoErrors, closeWindows, startFixture } from './fixture.mjs';

const CARDS = 5_000;
const COLUMNS = 5;
/** Requests at the same time. */
const WRITERS = 16;
/** More than this is not only what is seen. */
const MAX_RENDERED = 200;

const fixture = startFixture('ann', 'bob');

test('shows 5,000 cards, and a move appears in another window', async (t) => {
  const { api } = fixture;
  const columns = Array.from({ length: COLUMNS }, (_, at) => ({ name: `Column ${at + 1}` }));
  const made = await api.send('POST', '/boards', { id: 'large', name: 'Large', columns });
  await api.send('PUT', '/boards/large/members/bob', { role: 'member' });
  let next = 0;
  const write = async () => {
    for (let at = next++; at < CARDS; at = next++) {
      await api.task('large', { id: `c${at}`, title: `Card ${at}`, columnId: made.columns[at % COLUMNS].id, tags: [`tag ${at % 20}`], priority: at % 11 });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));

  const [ann, bob] = await Promise.all(['ann', 'bob'].map((user) => fixture.openWindow(user)));
  const began = Date.now();
  await ann.goto(`${fixture.server.url}/boards/large`);
  await ann.getByTestId('card').first().waitFor();
  t.diagnostic(`first view of ${CARDS} cards: ${Date.now() - began} ms`);
  await waitUntilLive(ann);
  await bob.goto(`${fixture.server.url}/boards/large`);
  await waitUntilLive(bob);
  for (const page of [ann, bob]) {
    await page.getByTestId('card').first().waitFor();
    const drawn = await page.getByTestId('card').count();
    assert.ok(drawn > 10 && drawn < MAX_RENDERED, `${drawn} cards are drawn`);
  }
  const counts = await ann.getByTestId('column-count').allTextContents();
  assert.deepEqual(counts, Array(COLUMNS).fill(String(CARDS / COLUMNS)));

  const [first, second] = await titles(ann, 'Column 1');
  await eventually(() => titles(bob, 'Column 1').then((all) => all.slice(0, 2)), [first, second]);
  // Seen by the pages themselves, so that nothing but the way there is measured; they look before anything happens.
  await bob.evaluate((title) => {
    globalThis.seen = new Promise((resolve) => {
      const look = () => document.querySelector('[data-testid=card-title]')?.textContent === title && resolve(Date.now());
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
  }, second);
  await card(ann, first).first().focus();
  await ann.evaluate(() => {
    globalThis.pressed = new Promise((resolve) => addEventListener('keydown', ({ key }) => key === 'ArrowDown' && resolve(Date.now()), { capture: true }));
  });
  await ann.keyboard.press('Alt+ArrowDown');
  const [pressed, seen] = [await ann.evaluate(() => globalThis.pressed), await bob.evaluate(() => globalThis.seen)];
  t.diagnostic(`a move in the other window: ${seen - pressed} ms`);
  await eventually(() => titles(bob, 'Column 1').then((all) => all.slice(0, 2)), [second, first]);

  // What is far down is drawn when it is looked for.
  await ann.getByLabel('Search cards').fill('Card 4999');
  await eventually(() => titles(ann, 'Column 5'), ['Card 4999']);
  await saveScreenshot(ann, 'large');
  expectNoErrors(ann, bob);
  await closeWindows(ann, bob);
});
