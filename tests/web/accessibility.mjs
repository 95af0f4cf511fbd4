// The accessibility violations that axe finds on a page.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Returns all violations with their elements. If a dialog is open only the dialog is checked: the page behind it is hidden. */
export async function violationsOf(page) {
  // Not as a script element, which the page's content policy would refuse.
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => {
    const dialogs = [...document.querySelectorAll('[aria-modal=true]')];
    return globalThis.axe.run(dialogs.at(-1) ?? document, { resultTypes: ['violations'] });
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}
