// The frame around every page: keys, palette, help, time, zone, session, title and focus.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

const focus = (page) => page.evaluate(() => `${document.activeElement.tagName} ${document.activeElement.textContent}`);
const param = (page, name) => new URL(page.url()).searchParams.get(name);

describe("shell", () => {
  let server;
  let browser;
  let session;

  before(async () => {
    [server, browser] = await Promise.all([Server.start(), launch()]);
    await server.send("logs", [{ time: new Date().toISOString(), service: "orchard", level: "info", message: "apples are ripe" }]);
    await server.send("metrics", [{ time: new Date().toISOString(), service: "orchard", metric_name: "apples_total", value: 3 }]);
    const { page, context } = await openPage(browser, server.url);
    await page.goto(`${server.url}/login`);
    await logIn(page, server.bootstrap);
    await page.waitForURL(`${server.url}/`);
    session = await context.storageState();
    await context.close();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function open(path = "/settings", options = {}) {
    const opened = await openPage(browser, server.url, { storageState: session, ...options });
    await opened.page.goto(server.url + path);
    await opened.page.locator("h1").waitFor();
    return opened;
  }

  for (const colorScheme of ["light", "dark"]) {
    it(`can be used by everybody, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/", { colorScheme });
      await page.getByRole("heading", { name: "CPU" }).waitFor();

      await page.keyboard.press("Control+k");
      const palette = page.getByRole("dialog", { name: "Search and commands" });
      await palette.getByRole("combobox").fill("apples");
      await palette.getByRole("option", { name: /apples_total/ }).waitFor();
      await checkAccessibility(page);
      await page.keyboard.press("Escape");
      await palette.waitFor({ state: "detached" });

      await page.keyboard.press("?");
      const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
      await help.getByText("Choose the time range").waitFor();
      await checkAccessibility(page);
      await page.keyboard.press("Escape");
      await help.waitFor({ state: "detached" });

      await page.keyboard.press("t");
      await page.getByRole("dialog", { name: "Time range" }).getByLabel("From").waitFor();
      await checkAccessibility(page);
      await page.getByRole("button", { name: "Change zone" }).click();
      await page.getByRole("listbox", { name: "Time zones" }).waitFor();
      await checkAccessibility(page);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("goes to every page by keys, says which, and gives its heading the focus", async () => {
    const { page, context, complaints } = await open();
    const ways = [["h", "/hosts", "Hosts"], ["m", "/metrics", "Metrics"], ["l", "/logs", "Logs"], ["s", "/services", "Services"], ["d", "/dashboards", "Dashboards"], ["n", "/send", "Send data"], [",", "/settings", "Settings"], ["o", "/", "Overview"]];
    for (const [key, path, title] of ways) {
      // A page may put the focus into a field of its own; keys are text there.
      await page.evaluate(() => document.activeElement.blur());
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.pathname === path);
      await until(`the title says ${title}`, async () => (await page.title()).includes(title));
      if (["/send", "/settings", "/"].includes(path)) await until("the heading has the focus", async () => (await focus(page)) === `H1 ${title}`);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("finds and does anything by the palette, by keyboard alone", async () => {
    const { page, context, complaints } = await open("/");
    await page.getByRole("heading", { name: "CPU" }).waitFor();
    const choose = async (text, option) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").waitFor();
      await page.keyboard.type(text);
      await until(`${option} is the first`, async () => (await page.locator("[role=option][aria-selected=true]").textContent())?.startsWith(option));
      await page.keyboard.press("Enter");
    };
    await choose("6 hours", "Last 6 hours");
    await page.waitForURL(/from=now-6h&to=now/);
    await choose("tokyo", "Asia/Tokyo");
    await page.waitForURL(/tz=Asia\/Tokyo/);
    await choose("orchard", "orchard");
    await page.waitForURL(/\/services\/orchard\?.*from=now-6h/);
    await choose("dark theme", "Dark theme");
    await until("it is dark", () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme === "dark"));
    await choose("api key", "Settings");
    await page.waitForURL(/\/settings/);
    assert.equal(param(page, "tz"), "Asia/Tokyo", "the zone stays from page to page");

    await page.keyboard.press("Control+k");
    await until("what was used lately comes first", async () => (await page.locator("[role=option]").first().textContent())?.startsWith("Settings"));
    await page.keyboard.type("no such thing");
    await page.getByText("Nothing has this name").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("moves and widens the time range by keys", async () => {
    const { page, context, complaints } = await open("/?from=2026-01-01T10:00:00Z&to=2026-01-01T12:00:00Z");
    await page.getByRole("button", { name: /^Time range: 2026/ }).waitFor();
    const range = async (from, to) => page.waitForURL((url) => url.searchParams.get("from") === from && url.searchParams.get("to") === to);
    await page.keyboard.press("[");
    await range("2026-01-01T09:00:00Z", "2026-01-01T11:00:00Z");
    await page.keyboard.press("Shift+ArrowRight");
    await range("2026-01-01T10:00:00Z", "2026-01-01T12:00:00Z");
    await page.keyboard.press("z");
    await range("2026-01-01T09:00:00Z", "2026-01-01T13:00:00Z");
    await page.goBack();
    await range("2026-01-01T10:00:00Z", "2026-01-01T12:00:00Z");
    await page.keyboard.press("t");
    await page.getByRole("button", { name: "Last 15 minutes" }).click();
    await range("now-15m", "now");
    await page.getByRole("dialog", { name: "Time range" }).waitFor({ state: "detached" });
    await page.keyboard.press(".");
    await page.waitForURL(/live=off/);
    // The space bar belongs to a button that has the focus.
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("Space");
    await page.waitForURL((url) => !url.searchParams.has("live"));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("reads and writes times on the clock of the chosen zone", async () => {
    const { page, context, complaints } = await open("/", { timezoneId: "Europe/Berlin" });
    const picker = page.getByRole("dialog", { name: "Time range" });
    await page.getByText("apples are ripe").waitFor();
    const clock = async () => page.locator("[role=log] > div", { hasText: "apples are ripe" }).locator("time").textContent();
    const written = await page.locator("[role=log] > div", { hasText: "apples are ripe" }).locator("time").getAttribute("datetime");
    const hours = (zone) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(written));
    assert.equal((await clock()).slice(0, 5), hours("Europe/Berlin"));

    await page.keyboard.press("t");
    await page.getByRole("button", { name: "Change zone" }).click();
    await page.keyboard.type("new york");
    await page.keyboard.press("Enter");
    await page.waitForURL(/tz=America\/New_York/);
    await until("the log lines follow", async () => (await clock()).slice(0, 5) === hours("America/New_York"));

    await page.getByLabel("From").fill("2026-07-01 09:00");
    await page.getByLabel("To", { exact: true }).fill("2026-07-01 10:30");
    await page.keyboard.press("Enter");
    await page.waitForURL(/from=2026-07-01T13:00:00Z&to=2026-07-01T14:30:00Z/);
    await page.getByRole("button", { name: "Time range: 2026-07-01 09:00:00 – 10:30:00" }).waitFor();
    await picker.waitFor({ state: "detached" });

    await page.keyboard.press("t");
    await page.getByRole("grid", { name: "July 2026" }).getByRole("button", { name: /^Monday,? 6 July 2026$/ }).click();
    assert.equal(await page.getByLabel("From").inputValue(), "2026-07-06 00:00:00");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.waitForURL(/from=2026-07-06T04:00:00Z&to=2026-07-07T03:59:59Z/);
    await picker.waitFor({ state: "detached" });

    await page.keyboard.press("t");
    await page.getByRole("heading", { name: "Used lately" }).waitFor();
    await page.getByRole("button", { name: "2026-07-01 09:00:00 – 10:30:00" }).last().click();
    await page.waitForURL(/from=2026-07-01T13:00:00Z/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("asks again by itself at the chosen interval, and remembers it in the address", async () => {
    const { page, context, complaints } = await open("/");
    await page.getByRole("heading", { name: "CPU" }).waitFor();
    await page.getByRole("button", { name: "How new data comes" }).click();
    await page.getByRole("menuitemradio", { name: "Every 5 s" }).click();
    await page.waitForURL(/refresh=5s/);
    await page.getByRole("button", { name: "Every 5 s" }).waitFor();
    let asked = 0;
    page.on("request", (request) => (asked += request.url().includes("/v1/query/logs") ? 1 : 0));
    await until("it asked twice", async () => asked >= 2);
    await page.getByRole("button", { name: "Every 5 s" }).click();
    await page.waitForURL((url) => url.searchParams.get("live") === "off" && !url.searchParams.has("refresh"));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("leads to login when the session ends, and back to the same address", async () => {
    const { page, context } = await open("/settings?tab=health", { storageState: undefined });
    await logIn(page, server.bootstrap);
    await page.getByRole("heading", { name: "Health" }).waitFor();
    await context.clearCookies();
    await page.evaluate(() => localStorage.setItem("pharos.session.until", "1"));
    // The health is asked for every few seconds, which finds out.
    await page.waitForURL(/\/login\?next=/);
    await logIn(page, server.bootstrap);
    await page.waitForURL(`${server.url}/settings?tab=health`);
    await page.getByRole("heading", { name: "Health" }).waitFor();
    await context.close();
  });

  it("says that there is no such page, and comes back to where one was", async () => {
    const { page, context, complaints } = await open("/", { viewport: { width: 1000, height: 500 } });
    await page.getByText("apples are ripe").waitFor();
    await page.evaluate(() => window.scrollTo(0, 300));
    await page.waitForTimeout(200);
    await page.keyboard.press("g");
    await page.keyboard.press(",");
    await page.getByRole("tab", { name: "API keys" }).waitFor();
    assert.equal(await page.evaluate(() => window.scrollY), 0);
    await page.goBack();
    await until("the page is where it was", () => page.evaluate(() => Math.abs(window.scrollY - 300) < 5));

    await page.goto(`${server.url}/nowhere`);
    await page.getByRole("heading", { name: "There is no page at this address" }).waitFor();
    assert.equal(await page.title(), "Not found · Pharos");
    await page.getByRole("link", { name: "Go to the Overview", exact: true }).click();
    await page.getByRole("heading", { name: "CPU" }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("fits a phone", async () => {
    const { page, context, complaints } = await open("/", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await page.getByRole("button", { name: /^Time range/ }).click();
    await page.getByRole("dialog", { name: "Time range" }).getByLabel("From").waitFor();
    const { width } = await page.getByRole("dialog", { name: "Time range" }).boundingBox();
    assert.ok(width <= 390, `the picker is ${width} px wide`);
    await page.getByRole("button", { name: "Last hour" }).click();
    await page.getByRole("button", { name: "Search and commands" }).click();
    await page.getByRole("combobox").fill("settings");
    await page.getByRole("option", { name: /^Settings/ }).click();
    await page.waitForURL(/\/settings/);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
    await checkAccessibility(page);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
