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
  await watchRows(page);

  const client = await context.newCDPSession(page);
  await client.send("Performance.enable", { timeDomain: "threadTicks" });
  const box = await grid.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, 300);
  const metrics = async () => Object.fromEntries((await client.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  const first = await metrics();
  const seen = () => page.evaluate(() => window.seenLines.numbers.size);
  const began = Date.now();
  while ((await seen()) < lines) {
    // As fast as a wheel turns; a step is below a screen, so that no line is jumped over.
    for (let i = 0; i < 40; i++) await client.send("Input.dispatchMouseEvent", { type: "mouseWheel", x: box.x + 200, y: box.y + 200, deltaX: 0, deltaY: box.height - 60 });
    if (Date.now() - began > 150_000) break;
  }
  const last = await metrics();
  const result = await page.evaluate(() => ({ ...window.seenLines, numbers: window.seenLines.numbers.size }));
  const busy = (last.TaskDuration - first.TaskDuration) * 1000;
  const spent = (name) => (((last[name] - first[name]) * 1000) / result.frames).toFixed(2);
  console.log(
    `${result.numbers} of ${lines} lines scrolled in ${((Date.now() - began) / 1000).toFixed(1)} s and ${result.frames} frames: ` +
      `${(busy / result.frames).toFixed(2)} ms of main-thread CPU a frame (script ${spent("ScriptDuration")}, layout ${spent("LayoutDuration")}, style ${spent("RecalcStyleDuration")}); ` +
      `longest task ${result.longest.toFixed(0)} ms; heap ${(first.JSHeapUsedSize / 2 ** 20).toFixed(0)} -> ${(last.JSHeapUsedSize / 2 ** 20).toFixed(0)} MiB; rows in the page ${result.mostRows}`,
  );
  assert.equal(result.numbers, lines, "every line was shown");
  assert.deepEqual(result.disorder, [], "lines stand in order, each once");
  assert.ok(result.mostRows < 120, `only the rows of the screen are in the page, not ${result.mostRows}`);
  assert.deepEqual(complaints, []);
  await context.close();
});

/** watchRows notes at each frame which lines are in the page and whether they stand in order. */
function watchRows(page) {
  return page.evaluate(() => {
    const seen = { numbers: new Set(), disorder: [], frames: 0, mostRows: 0, longest: 0 };
    window.seenLines = seen;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration);
    }).observe({ entryTypes: ["longtask"] });
    let top = -1;
    const grid = document.querySelector("[role=treegrid]");
    const look = () => {
      if (grid.scrollTop !== top) {
        top = grid.scrollTop;
        seen.frames += 1;
        let before = Infinity;
        const rows = grid.querySelectorAll("[data-id]");
        seen.mostRows = Math.max(seen.mostRows, rows.length);
        for (const row of rows) {
          const number = Number(row.lastElementChild.textContent.split(" ")[1]);
          if (before !== Infinity && number !== before - 1 && seen.disorder.length < 5) seen.disorder.push([before, number]);
          before = number;
          seen.numbers.add(number);
        }
      }
      requestAnimationFrame(look);
    };
    look();
  });
}
