// The board on a phone: cards and columns are dragged by touch, also at the edge of the page.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { violationsOf } from './accessibility.mjs';
import { card, eventually, saveScreenshot, titles } from './browser.mjs';
import { boardWithThreeCards, closeWindows, expectNoErrors, startFixture } from './fixture.mjs';

const PHONE = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true };

describe('the board on a phone', () => {
  const fixture = startFixture('ann', 'bob', 'cleo');

  test('a card is dragged by touch', async () => {
    const { path } = await boardWithThreeCards(fixture, 'touched');
    const ann = await fixture.openWindow('ann', path, PHONE);
    const devtools = await ann.context().newCDPSession(ann);
    const from = await card(ann, 'First').boundingBox();
    const to = await card(ann, 'Third').boundingBox();
    const x = from.x + from.width / 2;
    const touch = (type, y) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
    await touch('touchStart', from.y + 20);
    await ann.waitForTimeout(400);
    for (let step = 1; step <= 10; step += 1) {
      await touch('touchMove', from.y + 20 + ((to.y + to.height - from.y) * step) / 10);
      await ann.waitForTimeout(30);
    }
    await ann.waitForTimeout(200);
    await touch('touchEnd');
    await eventually(() => titles(ann, 'To Do'), ['Second', 'Third', 'First']);
    const bar = await ann.getByRole('banner').boundingBox();
    assert.deepEqual([bar.x, bar.width], [0, 390], 'the bar stays in place while the columns scroll');
    await saveScreenshot(ann, 'board-phone');
    await card(ann, 'Second').tap();
    await ann.getByTestId('card-page').waitFor();
    await saveScreenshot(ann, 'card-phone');
    assert.deepEqual(await violationsOf(ann), []);
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  /**
   * Drags `what` on a phone, grabbed at the fraction `grab` of its width, to the point `to` at an edge, and holds it there. `rests`
   * returns how long a column has been in the middle since, in milliseconds.
   */
  async function dragToEdge(id, { what = (page) => card(page, 'First'), grab = 0.5, to = [382] } = {}) {
    const { path } = await boardWithThreeCards(fixture, id);
    const ann = await fixture.openWindow('ann', path, PHONE);
    const devtools = await ann.context().newCDPSession(ann);
    await what(ann).scrollIntoViewIfNeeded();
    const from = await what(ann).boundingBox();
    const [x, y] = [from.x + from.width * grab, from.y + Math.min(20, from.height / 2)];
    const [toX, toY = y] = to;
    const touch = (type, x, y) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
    await ann.evaluate(() => {
      globalThis.rests = {};
      let last = performance.now();
      const measure = (now) => {
        for (const column of document.querySelectorAll('[data-testid=column]:not([data-dragging=true])')) {
          const { left, width } = column.getBoundingClientRect();
          const name = column.getAttribute('aria-label');
          if (Math.abs(left + width / 2 - innerWidth / 2) <= 12) {
            globalThis.middleColumn = name;
            globalThis.rests[name] = (globalThis.rests[name] ?? 0) + now - last;
          }
        }
        last = now;
        requestAnimationFrame(measure);
      };
      requestAnimationFrame(measure);
    });
    await touch('touchStart', x, y);
    await ann.waitForTimeout(400);
    for (let step = 1; step <= 10; step += 1) {
      await touch('touchMove', x + ((toX - x) * step) / 10, y + ((toY - y) * step) / 10);
      await ann.waitForTimeout(30);
    }
    const rests = (name) => ann.evaluate((name) => globalThis.rests[name] ?? 0, name);
    return { ann, rests, release: () => touch('touchEnd') };
  }

  test('a card held at the edge of a phone scrolls one column at a time and is dropped into the last', async () => {
    const { ann, rests, release } = await dragToEdge('edge');
    await eventually(async () => (await rests('Done')) > 0, true);
    const rest = await rests('In Progress');
    assert.ok(rest > 500, `it was at In Progress for ${Math.round(rest)} ms`);
    // Even if it is held there longer.
    await ann.waitForTimeout(3_000);
    await release();
    await eventually(() => titles(ann, 'Done'), ['First']);
    expectNoErrors(ann);
    await closeWindows(ann);
  });

  for (const [id, how, held] of [
    ['seen', 'grabbed in the middle', {}],
    ['seen-grabbed', 'grabbed at the side of the edge', { grab: 0.85 }],
    ['seen-above', 'over the board bar', { to: [382, 10] }],
  ]) {
    test(`a card released at the edge of a phone is dropped into the visible column: ${how}`, async () => {
      const { ann, rests, release } = await dragToEdge(id, held);
      await eventually(async () => (await rests('In Progress')) > 0, true);
      await release();
      const seen = async () => (await titles(ann, await ann.evaluate(() => globalThis.middleColumn))).includes('First');
      await eventually(seen, true);
      await ann.waitForTimeout(500);
      assert.ok(await seen());
      expectNoErrors(ann);
      await closeWindows(ann);
    });
  }

  test('a column is dragged past the others on a phone', async () => {
    const names = (page) => page.locator('[data-testid=column]').evaluateAll((all) => all.map((column) => column.getAttribute('aria-label')));
    const heading = (name) => (page) => page.getByRole('heading', { name, exact: true });
    const { ann, release } = await dragToEdge('carried', { what: heading('Done'), to: [8] });
    await eventually(() => ann.evaluate(() => scrollX), 0);
    await release();
    await eventually(() => names(ann), ['Done', 'To Do', 'In Progress']);
    expectNoErrors(ann);
    await closeWindows(ann);
  });
});
