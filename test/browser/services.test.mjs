// The pages of services, against the real program: two that answer requests, one that only logs.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { chartState, launch, logIn, openPage } from "./browser.mjs";
import { over, report, send, serviceSamples } from "./fleet.mjs";
import { Server, until } from "./server.mjs";

const shop = [
  { name: "checkout", instance: "checkout-1", host: "alpha", failing: 0.25 },
  { name: "checkout", instance: "checkout-2", host: "beta", failing: 0.25, environment: "staging" },
  { name: "cart", instance: "cart-1", host: "alpha" },
];

describe("services", () => {
  let server;
  let browser;
  let state;
  let stop;

  before(async () => {
    [server, browser] = await Promise.all([Server.start(), launch()]);
    await send(server, "metrics", over(1800, 1200, (time) => serviceSamples({ name: "legacy", instance: "legacy-1", host: "beta" }, time)));
    stop = await report(server, { services: shop });
    const line = (level, message, labels = {}) => ({ time: new Date(Date.now() - 60_000 * Math.random()).toISOString(), service: "checkout", instance_id: "checkout-1", level, message, labels: { "host.name": "alpha", ...labels } });
    await server.send("logs", [...Array.from({ length: 9 }, (_, i) => line("info", `order ${i} placed`)), line("error", "payments answered 504"), { ...line("warn", "nothing to do"), service: "cron", instance_id: "cron-1" }]);
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
  const list = (page) => page.getByRole("table", { name: "Services" });
  const row = (page, name) => list(page).getByRole("row", { name: new RegExp(name) });
  const names = (page) => list(page).getByRole("rowheader").locator("a").allTextContents();
  const text = async (locator) => (await locator.textContent()).replaceAll("\u2009", " ");

  for (const colorScheme of ["light", "dark"]) {
    it(`lists what each sends, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/services?from=now-1h&to=now", { colorScheme });
      await row(page, "checkout").getByText("25 %").waitFor();
      await until("requests of both instances", async () => /(19|20|21)\/s.*25 %.*10.*10 %/.test(await text(row(page, "checkout"))));
      await row(page, "legacy").getByText("silent", { exact: true }).waitFor();
      assert.match(await text(row(page, "cron")), /–.*–.*–.*1/, "one that only logs");
      await until("lines are drawn", async () => (await row(page, "checkout").locator('[data-spark="drawn"] path').count()) === 1);
      await checkAccessibility(page);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it(`shows one service whole, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/services/checkout?from=now-15m&to=now", { colorScheme });
      await page.getByText(/^Sending, last seen/).waitFor();
      for (const label of ["Requests", "Failed requests", "Duration", "Requests by route"]) await until(`${label} is drawn`, async () => (await chartState(page, label)).colourful > 20);
      assert.match((await chartState(page, "Failed requests")).summary.replaceAll("\u2009", " "), /25 %/);
      const instances = page.getByRole("table", { name: "Instances" });
      await instances.getByRole("link", { name: "alpha" }).waitFor();
      assert.match(await text(instances.getByRole("row", { name: /checkout-2/ })), /beta.*1\.2\.3.*staging/);
      await page.getByRole("log").getByText("payments answered 504").waitFor();
      await until("levels are drawn", async () => /Error/.test((await chartState(page, "Log lines by level")).summary));
      await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name: "Program" }).click();
      await until("its other metrics are drawn", async () => (await chartState(page, "jobs_done_total")).colourful > 10 && (await chartState(page, "process_memory_usage_bytes")).colourful > 10);
      await checkAccessibility(page);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("sorts and filters in the address", async () => {
    const { page, context, complaints } = await open("/services?from=now-1h&to=now");
    await row(page, "checkout").getByText("25 %").waitFor();
    await page.getByRole("button", { name: "Failed" }).click();
    await page.waitForURL(/sort=-errors/);
    await until("the failing one is first", async () => (await names(page))[0] === "checkout");
    await page.getByRole("button", { name: /^Silent/ }).click();
    await until("the silent one is left", async () => (await names(page)).join() === "legacy");
    await page.getByRole("button", { name: /^All/ }).click();
    await page.getByLabel("Filter services").fill("car");
    await until("one is left", async () => (await names(page)).join() === "cart");
    await page.reload();
    await until("the address keeps it", async () => (await names(page)).join() === "cart");
    await page.getByLabel("Filter services").fill("no such service");
    await page.getByText("No service matches").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("looks at one environment, and leads to hosts, Metrics and Logs", async () => {
    const { page, context, complaints } = await open("/services/checkout?from=now-15m&to=now");
    const instances = page.getByRole("table", { name: "Instances" });
    await instances.getByText("checkout-2").waitFor();
    await page.getByLabel("Environment").selectOption("staging");
    await page.waitForURL(/env=staging/);
    await until("one instance is left", async () => (await instances.getByRole("rowheader").allTextContents()).join() === "checkout-2");
    const address = (name) => page.getByRole("link", { name, exact: true }).last().getAttribute("href");
    assert.match(decodeURIComponent(await address("Open Requests in Metrics")), /staging.*from=now-15m/);
    assert.match(decodeURIComponent(await address("Open in Logs")), /^\/logs\?query=service:="checkout"\+deployment/);
    assert.equal(await instances.getByRole("link", { name: "beta" }).getAttribute("href"), "/hosts/beta?from=now-15m&to=now");

    const plot = await page.locator('[data-chart="Requests"] .u-over').boundingBox();
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 40);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.9, plot.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=\d{4}-\d\d-\d\dT/);
    assert.match(page.url(), /env=staging/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("says so when there is nothing, and what to do", async () => {
    const { page, context, complaints } = await open("/services?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
    await page.getByText("No service sent anything in this time range").waitFor();
    assert.equal(new URL(await page.getByRole("link", { name: "Send data" }).last().getAttribute("href"), server.url).pathname, "/send");
    await page.goto(`${server.url}/services/nobody`);
    await page.getByText("Nothing from nobody in this time range").waitFor();
    await page.goto(`${server.url}/services/legacy?from=now-1h&to=now`);
    await page.getByText(/^Silent: last seen/).waitFor();
    await until("what it sent is drawn", async () => (await chartState(page, "Requests")).colourful > 5);
    await page.goto(`${server.url}/services/cron?from=now-1h&to=now`);
    await page.getByRole("log").getByText("nothing to do").waitFor();
    await page.getByText("No instance is known").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("fits a phone", async () => {
    const { page, context, complaints } = await open("/services?from=now-1h&to=now", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await row(page, "checkout").getByText("25 %").waitFor();
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok((await width()) <= 390, `the list is ${await width()} px wide`);
    await list(page).getByRole("link", { name: "checkout" }).click();
    await until("the chart is drawn", async () => (await chartState(page, "Requests")).colourful > 20);
    assert.ok((await width()) <= 390, `the page is ${await width()} px wide`);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("is used by keyboard alone", async () => {
    const { page, context, complaints } = await open("/services?from=now-1h&to=now");
    await row(page, "checkout").getByText("25 %").waitFor();
    await page.getByLabel("Filter services").focus();
    await page.keyboard.type("c");
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    const tabTo = async (wanted) => {
      for (let i = 0; i < 40 && !(await focused()).startsWith(wanted); i++) await page.keyboard.press("Tab");
      assert.ok((await focused()).startsWith(wanted), `${wanted} has no focus`);
    };
    await tabTo("Requests");
    await page.keyboard.press("Enter");
    await page.waitForURL(/sort=-rate/);
    await until("it is sorted", async () => (await names(page))[0] === "checkout");
    await tabTo("checkout");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/services\/checkout/);
    await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name: "Program" }).waitFor();
    await tabTo("Instances");
    await page.keyboard.press("Enter");
    await until("the section has the focus", () => page.evaluate(() => document.activeElement.id === "instances"));
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
