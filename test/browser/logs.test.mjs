// The Logs page against the real program, with lines of its own.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { launch, logIn, openPage } from "./browser.mjs";
import { Server, until as untilWithin } from "./server.mjs";

const count = 1200;
/** Well within a test's own time, so that it says what it waited for. */
const until = (what, check) => untilWithin(what, check, 15_000);
let server;
let browser;
let start;
let cookies;

const levelOf = (i) => (i % 20 === 0 ? "error" : i % 10 === 5 ? "warn" : "info");
const serviceOf = (i) => ["checkout", "cart", "payments"][i % 3];

function line(i) {
  return {
    time: new Date(start + i * 500).toISOString(), service: serviceOf(i), instance_id: `${serviceOf(i)}-${i % 2}`, level: levelOf(i),
    message: levelOf(i) === "error" ? `order ${i} failed: connection refused by 10.0.0.${i % 7}` : `order ${i} placed in ${i % 90} ms`,
    labels: { "host.name": `node-${i % 4}`, "http.route": `/orders/{id}`, duration_ms: String(i % 90), trace_id: `trace-${i % 100}` },
    json: { user: { id: i % 11 }, items: [1, 2] },
  };
}

before(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
  start = Math.floor(Date.now() / 1000) * 1000 - 2 * 3_600_000;
  await server.send("logs", Array.from({ length: count }, (_, i) => line(i)));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const range = () => `from=${new Date(start).toISOString()}&to=${new Date(start + count * 500).toISOString()}`;

/** openLogs opens the page with some parameters; the session is that of the first page. */
async function openLogs(search, options) {
  const opened = await openPage(browser, server.url, { ...(cookies ? { storageState: cookies } : {}), ...options });
  await opened.page.goto(`${server.url}/logs?${search}`);
  if (!cookies) {
    await logIn(opened.page, server.bootstrap);
    await opened.page.getByRole("search").waitFor();
    cookies = await opened.context.storageState();
  }
  return opened;
}

const lines = (page) => page.locator('[role=row][data-id]');
const numbers = (page) => lines(page).evaluateAll((rows) => rows.map((row) => Number(/order (\d+)/.exec(row.textContent)?.[1])));
const total = (page, wanted) => until(`there are ${wanted} lines`, async () => Number(await page.locator("[data-total][role=status]").getAttribute("data-total")) === wanted);
const query = (page) => new URL(page.url()).searchParams.get("query");
const matching = (check) => Array.from({ length: count }, (_, i) => i).filter(check).length;

for (const colorScheme of ["light", "dark"]) {
  test(`filters by clicks, opens a line and shows what is around it (${colorScheme})`, { timeout: 60_000 }, async () => {
    const { page, context, complaints } = await openLogs(range(), { colorScheme });
    await total(page, count);
    assert.equal(Number(await page.locator("[data-bars]").getAttribute("data-total")), count, "the histogram counts all");
    assert.equal((await numbers(page))[0], count - 1, "newest first");
    await checkAccessibility(page);

    const facet = (name) => page.locator(`[data-facet="${name}"]`);
    await facet("level").getByRole("button", { name: /^error/ }).click();
    await total(page, matching((i) => levelOf(i) === "error"));
    assert.equal(query(page), "level:=error");
    await until("only errors are shown", async () => (await numbers(page)).every((n) => levelOf(n) === "error"));
    await facet("level").getByRole("button", { name: /^warn/ }).click();
    await total(page, matching((i) => levelOf(i) !== "info"));
    await facet("service").getByRole("button", { name: "Exclude cart" }).click();
    await total(page, matching((i) => levelOf(i) !== "info" && serviceOf(i) !== "cart"));
    const pills = page.getByRole("list", { name: "Active filters" });
    assert.deepEqual(await pills.locator("li button:first-child").allTextContents(), ["level:in(error, warn)", "-service:=cart", "Clear all"]);
    await pills.getByRole("button", { name: "Remove level:in(error, warn)" }).click();
    await total(page, matching((i) => serviceOf(i) !== "cart"));

    await page.goto(`${server.url}/logs?${range()}&query=refused`);
    await total(page, matching((i) => levelOf(i) === "error"));
    assert.equal(await lines(page).first().locator("mark").textContent(), "refused", "the word is marked");
    await lines(page).nth(2).click();
    const details = page.locator("[data-details]");
    await details.waitFor();
    const shown = (await numbers(page))[2];
    const text = await details.textContent();
    for (const part of [`order ${shown} failed`, `trace-${shown % 100}`, `node-${shown % 4}`, "user.id", "[1,2]"]) assert.ok(text.includes(part), `${part} is among the fields`);
    assert.match(new URL(page.url()).searchParams.get("line"), /^20.*Z~.+/);
    await details.getByRole("button", { name: "Show user.id as a column" }).click();
    await page.getByRole("columnheader", { name: "user.id" }).waitFor();
    await checkAccessibility(page);

    await details.getByRole("button", { name: "Show around" }).click();
    await page.getByText("without the filter").waitFor();
    const marked = page.locator('[data-marked="true"]');
    await marked.waitFor();
    const neighbours = await until("the neighbours are there", async () => {
      const found = await numbers(page);
      return found.includes(shown) && found.length > 5 && found;
    });
    const at = neighbours.indexOf(shown);
    // The same service on the same instance writes every sixth line.
    assert.equal(neighbours[at - 1], shown + 6 < count ? shown + 6 : undefined);
    assert.equal(neighbours[at + 1], shown - 6);
    await page.getByRole("button", { name: "Back to the search" }).click();
    await total(page, matching((i) => levelOf(i) === "error"));
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test("a link to a line opens it among the others", async () => {
  const { page, context, complaints } = await openLogs(range());
  await total(page, count);
  const response = await page.evaluate(async (body) => (await fetch("/v1/query/logs", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json(), {
    query: '"order 600 failed"', from: new Date(start).toISOString(), to: new Date(start + count * 500).toISOString(),
  });
  const [record] = response.logs;
  await page.goto(`${server.url}/logs?${range()}&line=${record.time}~${record.id}`);
  await page.locator(`[data-details="${record.id}"]`).waitFor();
  const found = await numbers(page);
  const at = found.indexOf(600);
  assert.deepEqual(found.slice(at - 2, at + 3), [602, 601, 600, 599, 598]);
  // It can be scrolled to both ends.
  const grid = page.getByRole("treegrid", { name: "Log lines" });
  await grid.focus();
  await page.keyboard.press("Home");
  await until("the newest is there", async () => (await numbers(page))[0] === count - 1);
  await page.keyboard.press("End");
  await until("the oldest is there", async () => (await numbers(page)).at(-1) === 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("oldest first, columns, wrap and downloads", { timeout: 60_000 }, async () => {
  const { page, context, complaints } = await openLogs(`${range()}&query=level:error&columns=http.route,duration_ms`, { acceptDownloads: true });
  await total(page, matching((i) => levelOf(i) === "error"));
  await page.getByRole("button", { name: "Newest first" }).click();
  await until("the oldest is on top", async () => (await numbers(page))[0] === 0);
  const order = await numbers(page);
  assert.deepEqual(order.slice(0, 4), [0, 20, 40, 60]);
  assert.deepEqual(await page.getByRole("columnheader").allTextContents(), ["Time", "Service", "http.route", "duration_ms", "Message"]);
  await page.getByRole("button", { name: "Columns (2)" }).click();
  await page.getByRole("button", { name: "Move duration_ms to the left" }).click();
  await page.keyboard.press("Escape");
  assert.deepEqual(await page.getByRole("columnheader").allTextContents(), ["Time", "Service", "duration_ms", "http.route", "Message"]);
  await page.getByRole("button", { name: "Wrap" }).click();
  assert.equal(new URL(page.url()).searchParams.get("wrap"), "on");

  const wanted = Array.from({ length: count }, (_, i) => i).filter((i) => levelOf(i) === "error");
  const csv = await download(page, "CSV, the columns that are shown");
  const rows = csv.trim().split("\r\n");
  assert.equal(rows[0], "time,level,service,duration_ms,http.route,message");
  assert.equal(rows.length, wanted.length + 1);
  assert.ok(rows[2].endsWith(`,error,payments,20,/orders/{id},order 20 failed: connection refused by 10.0.0.6`), rows[2]);
  const ndjson = (await download(page, "NDJSON, every field")).trim().split("\n").map((text) => JSON.parse(text));
  assert.deepEqual(ndjson.map(({ message }) => Number(/\d+/.exec(message)[0])), wanted);
  assert.equal(ndjson[1].labels["host.name"], "node-0");
  assert.deepEqual(complaints, []);
  await context.close();
});

async function download(page, item) {
  await page.getByRole("button", { name: "Download" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: item }).click()]);
  return readFile(await file.path(), "utf8");
}

test("the tail follows, waits for a reader and goes on", { timeout: 60_000 }, async () => {
  const { page, context, complaints } = await openLogs("query=service:tail&from=now-15m&to=now");
  await page.getByText("No line matches").or(page.getByText("No lines in this time range")).first().waitFor();
  let sent = 0;
  let clock = 0;
  const send = async (n) => {
    // Each at a time of its own, later than those before.
    clock = Math.max(clock, Date.now() - n);
    await server.send("logs", Array.from({ length: n }, (_, i) => ({ time: new Date(clock + i).toISOString(), service: "tail", level: "info", message: `order ${sent + i}` })));
    sent += n;
    clock += n;
  };
  await send(1);
  await until("the first line appears by itself", async () => (await numbers(page))[0] === 0);
  await send(200);
  await until("new lines stand on top", async () => (await numbers(page))[0] === sent - 1);
  assert.equal(await page.locator("[data-tail]").getAttribute("data-tail"), "following");

  const grid = page.getByRole("treegrid", { name: "Log lines" });
  await grid.evaluate((element) => (element.scrollTop = 880));
  await until("it is held", async () => (await page.locator("[data-tail]").getAttribute("data-tail")) === "paused");
  const read = async () => grid.evaluate((element) => {
    const top = element.getBoundingClientRect().top + 26;
    return [...element.querySelectorAll("[role=row][data-id]")].find((row) => row.getBoundingClientRect().top >= top)?.textContent;
  });
  const before = await read();
  await send(150);
  const waits = page.getByRole("button", { name: "150 new lines, show" });
  await waits.waitFor();
  assert.equal(await read(), before, "what is read has not moved");
  await waits.click();
  await until("the newest is shown again", async () => (await numbers(page))[0] === sent - 1);
  await send(5);
  await until("and followed", async () => (await numbers(page))[0] === sent - 1);

  // An open line is being read too; the key goes on.
  await lines(page).first().click();
  await send(7);
  await page.getByRole("button", { name: "7 new lines, show" }).waitFor();
  await page.keyboard.press("p");
  await until("a key resumes", async () => (await numbers(page))[0] === sent - 1);

  // Oldest first, the newest end is the bottom.
  await page.getByRole("button", { name: "Newest first" }).click();
  await until("the newest stands last", async () => (await numbers(page)).at(-1) === sent - 1);
  await send(40);
  await until("and is followed there", async () => (await numbers(page)).at(-1) === sent - 1);
  const all = await numbers(page);
  assert.deepEqual(all, all.toSorted((a, b) => a - b));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a search is saved, opened, renamed and deleted", { timeout: 60_000 }, async () => {
  const { page, context, complaints } = await openLogs(`${range()}&query=${encodeURIComponent('level:error "connection refused"')}&columns=http.route`);
  await total(page, matching((i) => levelOf(i) === "error"));
  const menu = async (item) => {
    await page.getByRole("button", { name: "Saved" }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await menu("Save this search");
  await page.getByLabel("Name", { exact: true }).fill("Refused orders");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.goto(`${server.url}/logs?${range()}`);
  await total(page, count);
  await menu(/Refused orders/);
  await total(page, matching((i) => levelOf(i) === "error"));
  assert.equal(new URL(page.url()).searchParams.get("columns"), "http.route");
  await menu("Rename, change or delete");
  await page.getByLabel("Name of Refused orders").fill("Refused");
  await checkAccessibility(page);
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("button", { name: "Delete Refused" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).last().click();
  await page.getByText("No search is saved any more").waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("without the counts the lines stay, and a wrong filter is explained", { timeout: 60_000 }, async () => {
  const { page, context, complaints } = await openLogs("from=now-5m&to=now-4m");
  let broken = true;
  await page.route("**/v1/query/logs/histogram", (route) =>
    broken ? route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ title: "x", status: 503, code: "unavailable", detail: "the log store is away" }) }) : route.continue(),
  );
  await page.goto(`${server.url}/logs?${range()}`);
  await page.getByText("The counts over time can't be loaded").waitFor();
  assert.equal((await numbers(page))[0], count - 1, "the lines are there");
  broken = false;
  await page.getByRole("region", { name: "Lines over time" }).getByRole("button", { name: "Try again" }).click();
  await total(page, count);

  await page.goto(`${server.url}/logs?${range()}&query=${encodeURIComponent("level:error (refused")}`);
  await page.getByText("The filter can't be read").waitFor();
  await page.getByText("Character 13:").waitFor();
  await page.goto(`${server.url}/logs?${range()}&query=nosuchword%20level:error`);
  await page.getByText(`This time range has ${count.toLocaleString("en")} lines without the filter`).waitFor();
  await page.getByRole("button", { name: "Without nosuchword" }).click();
  await total(page, matching((i) => levelOf(i) === "error"));
  assert.deepEqual(complaints.filter((text) => !/503|400/.test(text)), []);
  await context.close();
});

test("by keyboard alone, and a part of the histogram by brush and by key", { timeout: 60_000 }, async () => {
  const { page, context, complaints } = await openLogs(range());
  await total(page, count);
  await page.keyboard.press("/");
  await until("the filter has the focus", () => page.evaluate(() => document.activeElement?.shadowRoot?.activeElement !== null && document.activeElement?.shadowRoot !== null));
  await page.keyboard.type("serv");
  await page.locator("text=who wrote the line").waitFor();
  // The editor takes no key for an answer to an offer that has only just appeared.
  await page.waitForTimeout(200);
  await page.keyboard.press("Tab");
  await page.keyboard.type("che");
  await page.locator(".cm-completionLabel", { hasText: "checkout" }).waitFor();
  await page.waitForTimeout(200);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Control+Enter");
  await total(page, matching((i) => serviceOf(i) === "checkout"));
  assert.match(query(page), /^service:=?checkout$/);

  const grid = page.getByRole("treegrid", { name: "Log lines" });
  await grid.focus();
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const active = await grid.locator('[aria-selected="true"]').textContent();
  assert.ok(active.includes(`order ${(await numbers(page))[1]}`), active);
  await page.keyboard.press("Enter");
  await page.locator("[data-details]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("[data-details]").waitFor({ state: "detached" });
  await page.keyboard.press("f");
  await page.getByRole("complementary", { name: "Fields" }).waitFor({ state: "detached" });
  await page.keyboard.press("h");
  await page.getByRole("region", { name: "Lines over time" }).waitFor({ state: "detached" });
  await page.keyboard.press("h");

  const area = page.locator("[data-bars]");
  await area.focus();
  await page.keyboard.press("End");
  for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Enter");
  await until("the time is that of the marked bars", () => new URL(page.url()).searchParams.get("from") > new Date(start + count * 250).toISOString());
  await page.goto(`${server.url}/logs?${range()}`);
  await total(page, count);
  const box = await area.boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await until("a quarter of the lines is left", async () => {
    const left = Number(await page.locator("[data-total][role=status]").getAttribute("data-total"));
    return left > count * 0.2 && left < count * 0.3;
  });
  assert.deepEqual(complaints, []);
  await context.close();
});

test("on a phone", { timeout: 60_000 }, async () => {
  const { page, context, complaints } = await openLogs(range(), { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  await total(page, count);
  assert.equal(await page.getByRole("complementary", { name: "Fields" }).count(), 0, "the fields wait to be asked for");
  await lines(page).first().click();
  await page.locator("[data-details]").waitFor();
  const wide = await page.evaluate(() => (document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest("[role=treegrid]")).map((e) => e.outerHTML.slice(0, 200))));
  assert.deepEqual(wide, [], "nothing is wider than the screen");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  await checkAccessibility(page);
  assert.deepEqual(complaints, []);
  await context.close();
});
