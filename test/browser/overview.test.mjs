// The Overview, against the real program watching the machine that the test runs on.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { chartState, launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

describe("overview", () => {
  let server;
  let browser;

  before(async () => {
    [server, browser] = await Promise.all([Server.start(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function open(path = "/", options = {}) {
    const opened = await openPage(browser, server.url, options);
    await opened.page.goto(server.url + path);
    await logIn(opened.page, server.bootstrap);
    await opened.page.getByRole("heading", { name: "CPU" }).waitFor();
    return opened;
  }

  for (const colorScheme of ["light", "dark"]) {
    it(`has charts with data that move, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/", { colorScheme });
      for (const label of ["CPU", "Memory", "Network", "Disk"]) {
        const first = await until(`${label} has data`, async () => {
          const state = await chartState(page, label);
          return state.points > 1 && !state.summary.endsWith("no data") && state;
        });
        await until(`${label} moves`, async () => {
          const state = await chartState(page, label);
          return state.lastTime >= first.lastTime + 2 && state.sum !== first.sum;
        });
      }
      const cpu = await chartState(page, "CPU");
      assert.ok(cpu.colourful > 50, `the CPU chart has ${cpu.colourful} coloured pixels`);
      await page.getByText("Connected", { exact: true }).waitFor();
      await checkAccessibility(page);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("shows what this host is", async () => {
    const { page, context, complaints } = await open();
    await page.getByText(/^\d+(\.\d+)?\s?[GM]iB$/).first().waitFor();
    await until("the number of cores is known", async () => Number(await page.locator("dt:text-is('Cores') + dd").textContent()) > 0);
    await until("each core has a line", async () => (await page.getByRole("list", { name: "CPU by core" }).getByRole("listitem").count()) > 0);
    await until("a filesystem is shown", async () => (await page.getByRole("meter").count()) > 0);
    await until("programs are listed", async () => (await page.getByRole("columnheader", { name: "Program" }).count()) > 0);
    await page.getByText("All parts are healthy").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("says how to send something, then shows it as it comes", async () => {
    const { page, context, complaints } = await open();
    const command = page.getByLabel("Command that sends a log line", { exact: true });
    await command.waitFor();
    assert.ok((await command.textContent()).startsWith(`curl ${server.url}/v1/ingest/logs`));

    const line = `a line sent at ${Date.now()}`;
    const log = (message) => ({ time: new Date().toISOString(), service: "hello", level: "error", message });
    await server.send("logs", [log(line)]);
    const row = page.getByRole("log").getByText(line);
    await row.waitFor();

    // It stands still while somebody reads it.
    await row.hover();
    const another = `${line}, and another`;
    await server.send("logs", [log(another)]);
    await page.getByRole("button", { name: /new, show$/ }).waitFor();
    assert.equal(await page.getByText(another).count(), 0);
    await page.getByRole("button", { name: /new, show$/ }).click();
    await page.getByText(another).waitFor();

    let sent = 0;
    await until("the intake is drawn", async () => {
      await server.send("metrics", [{ time: new Date().toISOString(), service: "hello", metric_name: "steps_total", value: (sent += 1) }]);
      return (await page.locator('[data-chart="Samples"]').count()) > 0 && (await chartState(page, "Samples")).summary.includes("JSON");
    });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("keeps what it shows in the address", async () => {
    const { page, context, complaints } = await open();
    await page.getByRole("button", { name: /^Time range/ }).click();
    await page.getByRole("button", { name: "Last 5 minutes", exact: true }).click();
    await page.waitForURL("**/?from=now-5m&to=now");
    await page.getByRole("button", { name: "Live" }).click();
    await page.waitForURL("**/?from=now-5m&to=now&live=off");

    const { points, lastTime } = await until("the history is there", async () => {
      const state = await chartState(page, "CPU");
      return state.points > 200 && state;
    });
    await page.waitForTimeout(2500);
    assert.deepEqual((({ points: p, lastTime: t }) => [p, t])(await chartState(page, "CPU")), [points, lastTime], "it stands still");

    await page.reload();
    await page.getByRole("button", { name: "Time range: Last 5 minutes" }).waitFor();
    await page.getByRole("button", { name: "Paused" }).waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "Live" }).waitFor();

    await page.getByRole("button", { name: /^Time range/ }).click();
    await page.getByLabel("From").fill("now-2h");
    await page.getByLabel("To", { exact: true }).fill("now-1h");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/?from=now-2h&to=now-1h");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("zooms by marking a part of a chart", async () => {
    const { page, context, complaints } = await open("/?from=now-5m&to=now");
    await until("the chart has data", async () => (await chartState(page, "CPU")).colourful > 0);
    const over = await page.locator('[data-chart="CPU"] .u-over').boundingBox();
    await page.mouse.move(over.x + over.width * 0.3, over.y + 40);
    await page.mouse.down();
    await page.mouse.move(over.x + over.width * 0.8, over.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=\d{4}-\d\d-\d\dT[\d:]+Z&to=\d{4}-/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("changes its theme, and remembers it", async () => {
    const { page, context, complaints } = await open("/", { colorScheme: "light" });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: /^Theme/ }).click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    await until("the page is dark", async () => (await background()) !== light);
    const dark = await background();
    await page.reload();
    await page.getByRole("heading", { name: "CPU" }).waitFor();
    assert.equal(await background(), dark);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("fits a phone", async () => {
    const { page, context, complaints } = await open("/", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await until("the chart has data", async () => (await chartState(page, "CPU")).colourful > 0);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `the page is ${width} px wide`);
    assert.equal(await page.getByRole("link", { name: "Overview", exact: true }).isVisible(), false);
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await until("the menu is gone", async () => !(await page.getByRole("link", { name: "Overview", exact: true }).isVisible()));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("is used by keyboard alone", async () => {
    const { page, context, complaints } = await open();
    await page.reload();
    await page.getByRole("heading", { name: "CPU" }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
    await page.getByRole("button", { name: /^Time range/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Last hour" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/?from=now-1h&to=now");
    await page.getByRole("button", { name: "Account" }).focus();
    await page.keyboard.press("Enter");
    // The keys belong to the menu once it has taken the focus, a moment after it shows.
    await until("the menu has the focus", () => page.evaluate(() => document.activeElement.closest("[role=menu]") !== null));
    await page.keyboard.press("Escape");
    await until("the focus is back", () => page.evaluate(() => document.activeElement.getAttribute("aria-label") === "Account"));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("comes back by itself when the server was away", async () => {
    const { page, context } = await open();
    await page.getByText("Connected", { exact: true }).waitFor();
    await server.kill();
    await page.getByText("Reconnecting").waitFor();
    await server.run();
    await page.getByText("Connected", { exact: true }).waitFor({ timeout: 40_000 });
    const { lastTime } = await chartState(page, "CPU");
    await until("the chart moves again", async () => (await chartState(page, "CPU")).lastTime > lastTime + 2);
    await context.close();
  });

  it("weighs no more than its budget", async () => {
    const { page, context } = await openPage(browser, server.url);
    const client = await context.newCDPSession(page);
    await client.send("Network.enable");
    const assets = new Set();
    let bytes = 0;
    let data = 0;
    client.on("Network.responseReceived", ({ requestId, type }) => ["Document", "Script", "Stylesheet", "Font", "Image"].includes(type) && assets.add(requestId));
    client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (assets.has(requestId)) bytes += encodedDataLength;
      else data += encodedDataLength;
    });
    await page.goto(`${server.url}/login`);
    await logIn(page, server.bootstrap);
    await page.locator('[data-chart="CPU"] canvas').waitFor();
    await page.waitForTimeout(500);
    console.log(`first page on the wire: ${(bytes / 1024).toFixed(0)} KiB, and ${(data / 1024).toFixed(0)} KiB of data`);
    assert.ok(bytes <= 300 * 1024, `${bytes} bytes`);
    await context.close();
  });
});
