// Accessibility, as far as a program can judge it: axe-core in the page.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../dashboard/package.json", import.meta.url));
const source = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

/** How often axe looks again at a page that has faults, and how long it waits before. */
const looks = 4;
const pause = 500;

/** faultsOf returns the serious and critical faults of the page as it is now. */
async function faultsOf(page, include) {
  // Colours on their way from one to another have no contrast of their own.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getTiming().iterations !== Infinity).map((a) => a.finished)));
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(source);
  return page.evaluate(async (selector) => {
    const { violations } = await window.axe.run(selector ?? document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.map(({ html, target, failureSummary }) => ({ html: html.slice(0, 300), target: target.join(" "), why: failureSummary })) }));
  }, include);
}

/**
 * checkAccessibility fails when axe finds a serious or critical fault on the page, and says which
 * rule, which elements, and why. A fault has to stay: a menu that is just closing has none.
 * `include` is a selector to look at only a part.
 */
export async function checkAccessibility(page, { include } = {}) {
  let faults = await faultsOf(page, include);
  for (let look = 1; look < looks && faults.length > 0; look += 1) {
    await page.waitForTimeout(pause);
    faults = await faultsOf(page, include);
  }
  if (faults.length === 0) return;
  const text = faults.map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}\n${nodes.map(({ html, target, why }) => `    ${target}\n      ${html}\n      ${why.replaceAll("\n", "\n      ")}`).join("\n")}`).join("\n");
  throw new Error(`axe finds ${faults.length} faults at ${page.url()}:\n${text}`);
}
