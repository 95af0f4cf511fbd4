// What axe finds on a page: whatever keeps somebody from using it, or makes it harder.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** All faults, each with where it is. Where a dialog is open it is all that there is: the page behind is hidden from everybody. */
export async function violationsOf(page) {
  // Not as a script element, which the page's policy refuses.
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => {
    const dialogs = [...document.querySelectorAll('[aria-modal=true]')];
    return globalThis.axe.run(dialogs.at(-1) ?? document, { resultTypes: ['violations'] });
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}
