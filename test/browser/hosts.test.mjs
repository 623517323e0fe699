// The pages of hosts, against the real program: some hosts that report, one that stopped.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { chartState, launch, logIn, openPage } from "./browser.mjs";
import { hostSamples, over, report, send } from "./fleet.mjs";
import { Server, until } from "./server.mjs";

const busy = { name: "alpha", cpu: 0.92, memory: 0.5, disk: 0.97 };
const calm = { name: "beta", cpu: 0.11, memory: 0.3, disk: 0.2 };
const gone = { name: "gamma" };

describe("hosts", () => {
  let server;
  let browser;
  let state;
  let stop;

  before(async () => {
    [server, browser] = await Promise.all([Server.start(), launch()]);
    await send(server, "metrics", over(1500, 900, (time) => hostSamples(gone, time)));
    stop = await report(server, { hosts: [busy, calm] });
    await server.send("logs", [
      { time: new Date().toISOString(), service: "shop", level: "error", message: "alpha is out of apples", labels: { "host.name": "alpha" } },
      { time: new Date().toISOString(), service: "shop", level: "info", message: "beta sells pears", labels: { "host.name": "beta" } },
    ]);
    const { page, context } = await openPage(browser, server.url);
    await page.goto(`${server.url}/login`);
    await logIn(page, server.bootstrap);
    await page.waitForURL((url) => url.pathname !== "/login");
    state = await context.storageState();
    await context.close();
  });
  after(async () => {
    stop?.();
    await browser?.close();
    await server?.stop();
  });

  async function open(path, options = {}) {
    const opened = await openPage(browser, server.url, { storageState: state, ...options });
    await opened.page.goto(server.url + path);
    return opened;
  }
  const list = (page) => page.getByRole("table", { name: "Hosts" });
  const row = (page, name) => list(page).getByRole("row", { name: new RegExp(name) });
  const names = (page) => list(page).getByRole("rowheader").locator("a").allTextContents();

  for (const colorScheme of ["light", "dark"]) {
    it(`lists every host of the range, with the one that stopped, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/hosts?from=now-1h&to=now", { colorScheme });
      await row(page, "alpha").getByText("92 %").waitFor();
      assert.match((await row(page, "alpha").textContent()).replaceAll("\u2009", " "), /92 %.*50 %.*97 %.*1\.00 MB\/s \/ 2\.00 MB\/s.*0\.92.*Debian/);
      await row(page, "gamma").getByText("stale", { exact: true }).waitFor();
      await until("it says when it stopped", async () => /1\d min ago/.test((await row(page, "gamma").textContent()).replaceAll("\u2009", " ")));
      await until("lines are drawn", async () => (await row(page, "alpha").locator('[data-spark="drawn"] path').count()) === 2);
      const group = page.getByRole("group", { name: "Which hosts" });
      assert.match(await group.textContent(), /All 4.*Reporting 3.*Stale 1.*Need a look [234]/);
      await checkAccessibility(page);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it(`shows one host whole, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/hosts/alpha?from=now-15m&to=now", { colorScheme });
      await page.getByText(/^Reporting, last seen/).waitFor();
      await page.getByText("id-of-alpha").waitFor();
      for (const label of ["CPU by mode", "Load", "Memory"]) await until(`${label} is drawn`, async () => (await chartState(page, label)).colourful > 20);
      for (const [section, chart] of [["Disks and filesystems", "Filesystems used"], ["Network", "Network throughput"]]) {
        await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name: section }).click();
        await until(`${chart} is drawn`, async () => (await chartState(page, chart)).colourful > 20);
      }
      assert.match((await page.getByRole("table", { name: "Filesystems" }).textContent()).replaceAll("\u2009", " "), /\/data.*97 %/);
      await page.getByRole("table", { name: "Services on this host" }).getByRole("link", { name: "shop" }).waitFor();
      await page.getByRole("log").getByText("alpha is out of apples").waitFor();
      assert.equal(await page.getByText("beta sells pears").count(), 0);
      await checkAccessibility(page);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("sorts and filters in the address", async () => {
    const { page, context, complaints } = await open("/hosts?from=now-1h&to=now");
    await row(page, "alpha").waitFor();
    await page.getByRole("button", { name: "CPU" }).click();
    await page.waitForURL(/sort=-cpu/);
    await until("the busy one is first", async () => (await names(page))[0] === "alpha");
    assert.equal((await names(page)).at(-1), "gamma", "what is not known comes last");
    await page.getByRole("button", { name: "CPU" }).click();
    await until("the busy one is not first", async () => (await names(page))[0] !== "alpha");

    await page.getByLabel("Filter hosts").fill("debian bet");
    await until("one is left", async () => (await names(page)).join() === "beta");
    assert.equal(new URL(page.url()).searchParams.get("q"), "debian bet");
    await page.getByLabel("Filter hosts").fill("no such host");
    await page.getByText("No host matches").waitFor();
    await page.getByRole("button", { name: "Show all 4" }).click();
    await page.getByRole("button", { name: /^Stale/ }).click();
    await until("the stale one is left", async () => (await names(page)).join() === "gamma");
    await page.reload();
    await until("the address keeps it", async () => (await names(page)).join() === "gamma");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("zooms the page by marking a chart, and leads to Metrics with the query", async () => {
    const { page, context, complaints } = await open("/hosts/alpha?from=now-15m&to=now");
    await until("the chart is drawn", async () => (await chartState(page, "CPU by mode")).colourful > 20);
    assert.match(await page.getByRole("link", { name: "Open CPU by mode in Metrics" }).getAttribute("href"), /^\/metrics\?q=.*alpha.*from=now-15m/);
    const plot = await page.locator('[data-chart="CPU by mode"] .u-over').boundingBox();
    await page.mouse.move(plot.x + plot.width * 0.4, plot.y + 40);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.9, plot.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=\d{4}-\d\d-\d\dT/);
    await page.getByRole("table", { name: "Processes" }).getByRole("rowheader", { name: "postgres" }).waitFor();
    const first = () => page.getByRole("table", { name: "Processes" }).getByRole("rowheader").first().textContent();
    assert.equal(await first(), "postgres", "by CPU");
    await page.getByRole("table", { name: "Processes" }).getByRole("button", { name: "Memory" }).click();
    await page.waitForURL(/processes=-memory/);
    await until("by memory", async () => (await first()) === "pgbouncer");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("says so when there is nothing, and what to do", async () => {
    const { page, context, complaints } = await open("/hosts?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
    await page.getByText("No host reported in this time range").waitFor();
    assert.equal(new URL(await page.getByRole("link", { name: "Send data" }).last().getAttribute("href"), server.url).pathname, "/send");
    await page.goto(`${server.url}/hosts/nobody`);
    await page.getByText("Nothing from nobody in this time range").waitFor();
    await page.getByRole("link", { name: "All hosts" }).click();
    await row(page, "beta").waitFor();
    await page.goto(`${server.url}/hosts/gamma?from=now-1h&to=now`);
    await page.getByText(/^Stale: last seen/).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("fits a phone", async () => {
    const { page, context, complaints } = await open("/hosts?from=now-1h&to=now", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await row(page, "alpha").getByText("92 %").waitFor();
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok((await width()) <= 390, `the list is ${await width()} px wide`);
    await page.getByRole("link", { name: "alpha" }).click();
    await until("the chart is drawn", async () => (await chartState(page, "CPU by mode")).colourful > 20);
    assert.ok((await width()) <= 390, `the page is ${await width()} px wide`);
    assert.match(page.url(), /hosts\/alpha\?from=now-1h/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("is used by keyboard alone", async () => {
    const { page, context, complaints } = await open("/hosts?from=now-1h&to=now");
    await row(page, "alpha").waitFor();
    await page.getByLabel("Filter hosts").focus();
    await page.keyboard.type("a");
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    const tabTo = async (text) => {
      for (let i = 0; i < 40 && !(await focused()).startsWith(text); i++) await page.keyboard.press("Tab");
      assert.ok((await focused()).startsWith(text), `${text} has no focus`);
    };
    await tabTo("Memory");
    await page.keyboard.press("Enter");
    await page.waitForURL(/sort=-memory/);
    await until("it is sorted", async () => (await names(page))[0] === "alpha");
    await tabTo("alpha");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/hosts\/alpha/);
    await page.getByRole("navigation", { name: "Sections" }).waitFor();
    await tabTo("Processes");
    await page.keyboard.press("Enter");
    await until("the section has the focus", () => page.evaluate(() => document.activeElement.id === "processes"));
    await tabTo("Program");
    await page.keyboard.press("Enter");
    await page.waitForURL(/processes=name/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("stays quick with a thousand hosts", async () => {
    const fleet = Array.from({ length: 1000 }, (_, i) => ({ name: `node-${String(i).padStart(4, "0")}`, cpu: (i % 90) / 100 }));
    await send(server, "metrics", over(150, 0, (time) => fleet.flatMap((host) => hostSamples(host, time).filter(({ metric_name: name }) => /memory|load|logical|utilization_ratio|filesystem/.test(name) && !/process/.test(name)))));
    const { page, context, complaints } = await open("/login", {});
    let asked = 0;
    page.on("request", (request) => /\/api\/v1\/|\/v1\/query/.test(request.url()) && (asked += 1));
    await page.goto(`${server.url}/hosts?from=now-30m&to=now&live=off&sort=-cpu`);
    await page.getByRole("button", { name: "All 1004" }).waitFor();
    await until("the lines in sight are drawn", async () => (await list(page).locator('[data-spark="drawn"] path').count()) > 20);
    assert.ok(asked <= 8, `${asked} requests for the list`);
    const drawn = await list(page).getByRole("row").count();
    assert.ok(drawn < 120, `${drawn} rows are drawn`);
    assert.equal(await list(page).getAttribute("aria-rowcount"), "1005");
    await page.getByRole("group", { name: "Hosts", exact: true }).evaluate((frame) => (frame.scrollTop = frame.scrollHeight));
    await until("the end is in sight", async () => (await names(page)).includes("gamma"));
    await page.getByLabel("Filter hosts").fill("node-0777");
    await until("one is left", async () => (await names(page)).join() === "node-0777");
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
