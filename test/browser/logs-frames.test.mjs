// What scrolling through many log lines costs: printed, not asserted, because it depends on the
// machine. Asserted is what must be so on any: every line once, in order.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, logIn, openPage } from "./browser.mjs";
import { Server } from "./server.mjs";

const lines = Number(process.env.LOG_LINES ?? 100_000);
const batch = 2500;

let server;
let browser;
let start;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
  start = Date.now() - lines - 60_000;
  const record = (i) => ({
    time: new Date(start + i).toISOString(),
    service: ["checkout", "cart", "payments", "search"][i % 4],
    instance_id: `node-${i % 7}`,
    level: i % 50 === 0 ? "error" : i % 11 === 0 ? "warn" : "info",
    message: `line ${i} GET /product/${(i * 7919) % 10_000} 200 in ${i % 90} ms`,
    labels: { route: `/product/{id}`, "http.request.method": "GET", "host.name": `node-${i % 3}` },
  });
  for (let i = 0; i < lines; i += batch) await server.send("logs", Array.from({ length: Math.min(batch, lines - i) }, (_, j) => record(i + j)));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a hundred thousand lines scroll, each once and in order", { timeout: 170_000 }, async () => {
  const { page, context, complaints } = await openPage(browser, server.url);
  const span = `from=${new Date(start).toISOString()}&to=${new Date(start + lines + 1000).toISOString()}`;
  await page.goto(`${server.url}/logs?${span}&query=${encodeURIComponent("-service:pharos")}`);
  await logIn(page, server.bootstrap);
  const grid = page.getByRole("treegrid", { name: "Log lines" });
  await grid.locator("[data-id]").first().waitFor();
  await watchRows(page, lines);
  const client = await context.newCDPSession(page);
  await client.send("Performance.enable", { timeDomain: "threadTicks" });
  const box = await grid.boundingBox();
  const wheel = (deltaY) => client.send("Input.dispatchMouseEvent", { type: "mouseWheel", x: box.x + 200, y: box.y + 200, deltaX: 0, deltaY });
  const look = async () => {
    const { metrics } = await client.send("Performance.getMetrics");
    return { ...Object.fromEntries(metrics.map(({ name, value }) => [name, value])), ...(await page.evaluate(() => window.seenLines)) };
  };
  const report = (name, first, last) => {
    const frames = last.frames - first.frames;
    const spent = (metric) => (((last[metric] - first[metric]) * 1000) / frames).toFixed(2);
    console.log(
      `${name}: ${last.deepest - first.deepest} lines in ${frames} frames, ${spent("TaskDuration")} ms of main-thread CPU a frame (script ${spent("ScriptDuration")}, ` +
        `layout ${spent("LayoutDuration")}, style ${spent("RecalcStyleDuration")}), heap ${(last.JSHeapUsedSize / 2 ** 20).toFixed(0)} MiB, at most ${last.mostRows} rows in the page, longest task ${last.longest.toFixed(0)} ms`,
    );
  };

  await wheel(240);
  const first = await look();
  for (let i = 0; i < 200; i++) await wheel(120);
  const second = await look();
  report("a wheel's notch a frame", first, second);
  const end = Date.now() + 150_000;
  while ((await page.evaluate(() => window.seenLines.deepest)) < lines - 1 && Date.now() < end) await wheel(6000);
  const last = await look();
  report("as fast as it goes", second, last);
  assert.equal(last.deepest, lines - 1, "the oldest line was reached");
  assert.deepEqual(last.wrong, [], "each line stands in its place, each once");
  assert.ok(last.mostRows < 120, `only the rows of the screen are in the page, not ${last.mostRows}`);

  // The lines at the beginning were given up; they come back the same.
  await grid.evaluate((element) => (element.scrollTop = 0));
  await page.locator("[role=row][data-id]", { hasText: `line ${lines - 1} ` }).waitFor();
  assert.deepEqual((await look()).wrong, []);
  assert.deepEqual(complaints, []);
  await context.close();
});

/** watchRows checks at each frame that the rows in the page are the ones of their places. */
function watchRows(page, count) {
  return page.evaluate((total) => {
    const seen = { wrong: [], frames: 0, mostRows: 0, longest: 0, deepest: 0 };
    window.seenLines = seen;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration);
    }).observe({ entryTypes: ["longtask"] });
    const grid = document.querySelector("[role=treegrid]");
    const rows = grid.getElementsByClassName(grid.querySelector("[data-id]").className);
    let top = -1;
    const look = () => {
      requestAnimationFrame(look);
      const newest = rows[0]?.textContent;
      if (newest === top) return;
      top = newest;
      seen.frames += 1;
      seen.mostRows = Math.max(seen.mostRows, rows.length);
      for (const row of rows) {
        const index = Number(row.getAttribute("aria-rowindex")) - 2;
        const number = Number(/line (\d+)/.exec(row.lastElementChild.textContent)[1]);
        if (number !== total - 1 - index && seen.wrong.length < 5) seen.wrong.push([index, number]);
        seen.deepest = Math.max(seen.deepest, index);
      }
    };
    look();
  }, count);
}
