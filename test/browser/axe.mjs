// Accessibility, as far as a program can judge it: axe-core in the page.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../dashboard/package.json", import.meta.url));
const source = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

/**
 * checkAccessibility fails when axe finds a serious or critical fault on the page as it is now,
 * and says which rule, which elements, and why. `include` is a selector to look at only a part.
 */
export async function checkAccessibility(page, { include } = {}) {
  // Colours on their way from one to another have no contrast of their own.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getTiming().iterations !== Infinity).map((a) => a.finished)));
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(source);
  const faults = await page.evaluate(async (selector) => {
    const { violations } = await window.axe.run(selector ?? document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.map(({ html, target, failureSummary }) => ({ html: html.slice(0, 300), target: target.join(" "), why: failureSummary })) }));
  }, include);
  if (faults.length === 0) return;
  const text = faults.map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}\n${nodes.map(({ html, target, why }) => `    ${target}\n      ${html}\n      ${why.replaceAll("\n", "\n      ")}`).join("\n")}`).join("\n");
  throw new Error(`axe finds ${faults.length} faults at ${page.url()}:\n${text}`);
}
