// What charts cost: many points, very many series, and many series live. The figures are printed,
// not asserted, because they depend on the machine. Asserted is what must be so on any: every
// series drawn up to the cap, the cap said, more of them on request.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chartState, launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

const points = 5000;
const batch = 5000;
/** How long the live chart is watched. */
const watched = 10_000;

let server;
let browser;
let state;
let end;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
  end = Math.floor(Date.now() / 1000) - 30;
  const lines = Array.from({ length: points * 20 }, (_, i) => sample("frames_lines", i % 20, end - points + 1 + Math.floor(i / 20), i));
  const fleet = Array.from({ length: 1000 * 30 }, (_, i) => sample("frames_fleet", i % 1000, end - 290 + 10 * Math.floor(i / 1000), i));
  const all = [...lines, ...fleet];
  for (let i = 0; i < all.length; i += batch) await server.send("metrics", all.slice(i, i + batch));

  const { page, context } = await openPage(browser, server.url);
  await page.goto(server.url);
  await logIn(page, server.bootstrap);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  state = await context.storageState();
  await context.close();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

function sample(name, member, seconds, i) {
  const value = 50 + member + 20 * Math.sin(seconds / 300 + member) + ((i * 7919) % 100) / 10;
  return { time: new Date(seconds * 1000).toISOString(), service: "frames", metric_name: name, value, labels: { member: String(member).padStart(4, "0") } };
}

/** open shows a query in Metrics, on a page that notes its long tasks. */
async function open(query, span, prepare) {
  const opened = await openPage(browser, server.url, { storageState: state });
  await prepare?.(opened.page);
  await opened.page.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask", buffered: true });
  });
  const client = await opened.context.newCDPSession(opened.page);
  await client.send("Performance.enable", { timeDomain: "threadTicks" });
  await opened.page.goto(`${server.url}/metrics?q=${encodeURIComponent(query)}&${span}`);
  return { ...opened, client };
}

/** cost runs something and says how long the page's main thread worked for it, and at once. */
async function cost({ page, client }, work) {
  const metrics = async () => Object.fromEntries((await client.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value * 1000]));
  await page.evaluate(() => (window.longTasks.length = 0));
  const before = await metrics();
  await work();
  // What was done is painted, and long tasks are reported.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 60))));
  const after = await metrics();
  return {
    total: after.TaskDuration - before.TaskDuration,
    script: after.ScriptDuration - before.ScriptDuration,
    longest: await page.evaluate(() => Math.max(0, ...window.longTasks)),
  };
}

async function refresh(page) {
  const answer = page.waitForResponse((response) => response.url().endsWith("/v1/query/range"));
  await page.getByRole("button", { name: "Refresh", exact: true }).click();
  await (await answer).finished();
}

// The notice above the chart and the legend below it both have one.
const more = (page) => page.getByRole("button", { name: "Show more" }).last();
const drawn = (page) => page.locator('[data-chart="Queries"]').evaluate((chart) => Number(chart.dataset.series));
const ms = (value) => (value === 0 ? "< 50 ms" : `${value.toFixed(0)} ms`);

test("20 series of 5,000 points", { timeout: 120_000 }, async () => {
  const opened = await open("frames_lines", `from=${end - points + 1}&to=${end}`, async (page) => {
    // The page asks for its pixels; this takes the server's reduction away.
    await page.route("**/v1/query/range", (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), points: 5000 }) }));
  });
  const { page, context, complaints } = opened;
  const shown = await until("the chart is drawn", async () => {
    const now = await chartState(page, "Queries");
    return now.points >= points - 10 && now.colourful > 1000 && now;
  });
  assert.equal(await drawn(page), 20);
  const loading = await page.evaluate(() => Math.max(0, ...window.longTasks));

  const again = await cost(opened, () => refresh(page));
  // Another scale makes the chart anew, and asks for nothing.
  const draws = [];
  for (let i = 0; i < 6; i++) draws.push((await cost(opened, () => page.getByRole("button", { name: "Log scale" }).click())).total);
  const over = await page.locator('[data-chart="Queries"] .u-over').boundingBox();
  const moves = await cost(opened, async () => {
    for (let i = 0; i < 60; i++) await page.mouse.move(over.x + 100 + i * 5, over.y + 100);
  });
  console.log(
    [
      `20 series x ${shown.points} points, on ${over.width.toFixed(0)} px:`,
      `  made anew and drawn, with the click that does it: ${draws.map((value) => value.toFixed(0)).join(", ")} ms of main thread (goal 100)`,
      `  refresh, from the click to the picture: ${again.total.toFixed(0)} ms of main thread (script ${again.script.toFixed(0)}), longest task ${ms(again.longest)}; longest while the page opened ${ms(loading)}`,
      `  cursor moved 60 times: ${(moves.total / 60).toFixed(1)} ms of main thread each`,
    ].join("\n"),
  );
  assert.deepEqual(complaints, []);
  await context.close();
});

test("1,000 series are capped, and more of them shown", { timeout: 120_000 }, async () => {
  const opened = await open("frames_fleet", `from=${end - 300}&to=${end}`);
  const { page, context, complaints } = opened;
  const legend = page.getByRole("table", { name: "Series", exact: true });
  await legend.waitFor();
  await until("the cap is drawn", async () => (await drawn(page)) === 50);
  await page.getByText(/^Top \d+ of 1000 series$/).waitFor();
  const opening = await page.evaluate(() => Math.max(0, ...window.longTasks));
  const again = await cost(opened, () => refresh(page));
  const figures = [`50 of 1,000 series: longest task ${ms(again.longest)} (goal 200), ${again.total.toFixed(0)} ms of main thread in all; longest while the page opened ${ms(opening)}`];
  for (const count of [200, 800, 1000]) {
    const { longest, total } = await cost(opened, async () => {
      await more(page).click();
      await until(`${count} are drawn`, async () => (await drawn(page)) === count);
    });
    figures.push(`${count} after "Show more": longest task ${ms(longest)}, ${total.toFixed(0)} ms of main thread in all`);
  }
  assert.equal(await page.getByRole("button", { name: "Show more" }).count(), 0, "there are no more");
  console.log(figures.join("\n"));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("20 series live", { timeout: 120_000 }, async () => {
  let i = 0;
  const send = () => server.send("metrics", Array.from({ length: 20 }, (_, member) => sample("frames_live", member, Date.now() / 1000, (i += 1))));
  await send();
  let failure;
  const timer = setInterval(() => send().catch((error) => (failure = error)), 1000);
  try {
    const opened = await open("frames_live", "from=now-5m&to=now");
    const { page, context, complaints } = opened;
    await until("20 series are drawn", async () => (await drawn(page).catch(() => 0)) === 20);
    const first = await chartState(page, "Queries");
    await until("they move", async () => (await chartState(page, "Queries")).lastTime >= first.lastTime + 3);

    const processes = await browser.newBrowserCDPSession();
    const seconds = async () => (await processes.send("SystemInfo.getProcessInfo")).processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
    const [before, began] = [await seconds(), Date.now()];
    const start = await chartState(page, "Queries");
    const { total, script, longest } = await cost(opened, () => page.waitForTimeout(watched));
    const all = ((await seconds()) - before) * 1000;
    const span = Date.now() - began;
    const last = await chartState(page, "Queries");
    console.log(
      `20 series live, ${(last.lastTime - start.lastTime).toFixed(0)} s of new points in ${(span / 1000).toFixed(1)} s: main thread ${((100 * total) / span).toFixed(1)} % of a core (script ${((100 * script) / span).toFixed(1)} %; goal 5), ` +
        `all processes of the browser ${((100 * all) / span).toFixed(1)} %, longest task ${ms(longest)}`,
    );
    assert.ok(last.lastTime >= start.lastTime + 5, "it goes on");
    assert.equal(await drawn(page), 20);
    assert.equal(failure, undefined);
    assert.deepEqual(complaints, []);
    await context.close();
  } finally {
    clearInterval(timer);
  }
});
