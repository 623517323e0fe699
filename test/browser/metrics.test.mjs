// Metrics, in a browser against the real program, with data sent by the test.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { chartState, launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

let server;
let browser;
let state;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
  await sendAll();
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

const seconds = 600;
const every = 10;

/** points are what a metric was, each ten seconds of the last ten minutes. */
function points(value) {
  const now = Math.floor(Date.now() / 1000 / every) * every;
  return Array.from({ length: seconds / every + 1 }, (_, i) => ({ at: now - seconds + i * every, i })).map(({ at, i }) => ({
    timeUnixNano: `${at}000000000`,
    startTimeUnixNano: `${now - seconds - 60}000000000`,
    ...value(i),
  }));
}

const attributes = (labels) => Object.entries(labels).map(([key, value]) => ({ key, value: { stringValue: value } }));
const series = (labels, value) => points(value).map((point) => ({ ...point, attributes: attributes(labels) }));

async function sendOTLP(service, metrics) {
  const body = { resourceMetrics: [{ resource: { attributes: attributes({ "service.name": service, "service.instance.id": "one" }) }, scopeMetrics: [{ metrics }] }] };
  const response = await fetch(`${server.url}/v1/metrics`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": server.bootstrap.api_key },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.ok(!text.includes("rejected"), text);
}

async function sendAll() {
  const counter = (name, description, dataPoints) => ({ name, description, sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints } });
  for (const [service, factor] of [["checkout", 1], ["cart", 3]]) {
    await sendOTLP(service, [
      counter("shop.orders", "Orders placed.", ["paid", "failed"].flatMap((outcome) => series({ outcome }, (i) => ({ asInt: String(i * 10 * factor * (outcome === "paid" ? 9 : 1)) })))),
      { name: "shop.queue.size", description: "Orders that wait.", unit: "{order}", gauge: { dataPoints: series({ region: "north" }, (i) => ({ asDouble: 40 + factor * 10 * Math.sin(i / 6) })) } },
      { name: "shop.memory", description: "Memory in use.", unit: "By", gauge: { dataPoints: series({}, (i) => ({ asInt: String(factor * 1e8 + i * 1e5) })) } },
      {
        name: "shop.request.duration",
        description: "How long requests took.",
        unit: "s",
        histogram: {
          aggregationTemporality: 2,
          dataPoints: series({ route: "/orders" }, (i) => ({ count: String(i * 100), sum: i * 12 * factor, bucketCounts: [String(i * 60), String(i * 30), String(i * 10), "0"], explicitBounds: [0.1, 0.5, 1] })),
        },
      },
    ]);
  }
  const many = Array.from({ length: 1000 }, (_, i) => ({ asDouble: i, timeUnixNano: `${Math.floor(Date.now() / 1000) - 20}000000000`, attributes: attributes({ shard: String(i).padStart(4, "0") }) }));
  await sendOTLP("wide", [{ name: "shop.shards", description: "One series for each shard.", gauge: { dataPoints: many } }]);
}

async function open(path, options = {}) {
  const opened = await openPage(browser, server.url, { storageState: state, ...options });
  await opened.page.goto(`${server.url}${path}`);
  return opened;
}

const link = (params) => `/metrics?${new URLSearchParams({ from: "now-10m", to: "now", live: "off", ...params })}`;
const params = (page) => new URL(page.url()).searchParams;
const editor = (page, letter = "A") => page.getByRole("textbox", { name: `Query ${letter}`, exact: true });
const legend = (page) => page.getByRole("table", { name: "Series" }).locator("tbody tr");

/** accept takes what completion offers. CodeMirror lets keys pass in its first moment, so that they are not meant for it. */
async function accept(page, option, key = "Enter") {
  await page.getByRole("option", { name: option }).waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press(key);
}

async function fromMenu(page, letter, item) {
  await page.getByRole("button", { name: `More for query ${letter}` }).click();
  await page.getByRole("menu", { name: `More for query ${letter}` }).getByRole("menuitem", { name: item }).click();
}

async function drawn(page) {
  return until("the chart is drawn", async () => {
    const chart = await chartState(page, "Queries");
    return chart.colourful > 50 && chart;
  });
}

describe("the list of metrics", () => {
  test("is searched by words, about one service, and leads to a query", async () => {
    const { page, context, complaints } = await open(link({ find: "shop" }));
    const row = page.getByRole("button", { name: "shop_orders_total" });
    await row.waitFor();
    await page.getByRole("searchbox", { name: "Search metrics" }).fill("memory in use");
    await page.getByRole("button", { name: "shop_memory_bytes" }).waitFor();
    await until("others are gone", async () => (await row.count()) === 0);
    assert.equal(params(page).get("find"), "memory in use");
    await page.getByRole("searchbox", { name: "Search metrics" }).fill("");
    await page.getByRole("group", { name: "Service" }).getByRole("button", { name: "wide" }).click();
    await page.getByRole("button", { name: "shop_shards" }).waitFor();
    await until("only its own metrics are listed", async () => (await row.count()) === 0);
    await page.getByRole("group", { name: "Service" }).getByRole("button", { name: "cart" }).click();
    await row.click();
    await until("the query is in the address", () => params(page).get("q") === 'sum by (service) (rate(shop_orders_total{service="cart"}[$__rate_interval]))');
    await drawn(page);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("says what to do when there is nothing", async () => {
    const { page, context, complaints } = await open(link({ from: "2020-01-01T00:00:00Z", to: "2020-01-01T01:00:00Z" }));
    await page.getByText("No metrics in this time range").waitFor();
    await page.getByRole("link", { name: "How to send metrics" }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("the editor", () => {
  test("completes metrics, labels and values, runs, and remembers", async () => {
    const { page, context, complaints } = await open(link({}));
    await editor(page).click();
    await page.keyboard.type("shop_que");
    await accept(page, /shop_queue_size/);
    await page.keyboard.type("{regi");
    await accept(page, "region", "Tab");
    await page.keyboard.type('="');
    await accept(page, "north");
    await page.keyboard.press("Control+Enter");
    await until("the query is in the address", () => /^shop_queue_size\w*\{region="north"\}$/.test(params(page).get("q") ?? ""));
    await drawn(page);
    assert.equal(await legend(page).count(), 2);
    await page.getByRole("button", { name: "Recent queries" }).click();
    await page.getByRole("menuitem", { name: /^shop_queue_size/ }).waitFor();
    await page.keyboard.press("Escape");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("says what a metric is, and marks what is wrong while one types", async () => {
    const { page, context, complaints } = await open(link({ q: "shop_memory_bytes" }));
    await drawn(page);
    await until("the description is shown", async () => {
      await page.mouse.move(5, 5);
      await editor(page).getByText("shop_memory_bytes").hover({ position: { x: 40, y: 8 } });
      await page.getByText("Memory in use.").waitFor({ timeout: 2000 });
      return true;
    });
    await editor(page).click();
    await page.keyboard.press("End");
    await page.keyboard.type("[5m]");
    await page.keyboard.press("Escape");
    await page.keyboard.type(" + ");
    await page.locator(".cm-lintRange-error").first().waitFor();
    // Typing over coloured text must not make the browser style it: the policy forbids that.
    await page.keyboard.press("Control+a");
    await page.keyboard.type("up");
    await until("all of it is replaced", async () => (await editor(page).textContent()) === "up");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("shows at which query and where the server finds an error", async () => {
    const { page, context, complaints } = await open(link({ q: "shop_memory_bytes", q2: "sum(shop_memory_bytes))" }));
    const wrong = page.getByRole("group", { name: "Query B", exact: true }).getByRole("alert");
    await wrong.waitFor();
    assert.match(await wrong.textContent(), /^Character 24: unexpected right parenthesis/);
    await drawn(page);
    assert.equal(await legend(page).count(), 2, "the other query is drawn");
    assert.ok(complaints.every((complaint) => complaint.includes("400 (Bad Request)")), complaints.join("\n"));
    await context.close();
  });
});

describe("the builder", () => {
  test("writes PromQL from choices", async () => {
    const { page, context, complaints } = await open(link({ build: "1" }));
    const builder = page.getByRole("group", { name: "Query A, builder" });
    await builder.getByRole("combobox", { name: "Query A: metric" }).fill("orders placed");
    await page.getByRole("option", { name: /shop_orders_total/ }).click();
    await until("a counter becomes a rate", () => params(page).get("q") === "sum by (service) (rate(shop_orders_total[$__rate_interval]))");
    await drawn(page);

    await builder.getByRole("combobox", { name: "Service" }).click();
    await page.getByRole("option", { name: "checkout" }).click();
    await builder.getByRole("button", { name: "Filter" }).click();
    await builder.getByRole("combobox", { name: "Label", exact: true }).fill("outcome");
    await builder.getByRole("combobox", { name: "Value" }).click();
    await page.getByRole("option", { name: "paid" }).click();
    await until("filters are written", () => params(page).get("q") === 'sum by (service) (rate(shop_orders_total{service="checkout", outcome="paid"}[$__rate_interval]))');
    await builder.getByLabel("Show").selectOption("Increase");
    await builder.getByLabel("Window of time").selectOption("over 5m");
    await builder.getByLabel("Keep").selectOption("largest");
    const written = 'topk(5, sum by (service) (increase(shop_orders_total{service="checkout", outcome="paid"}[5m])))';
    await until("all of it is written", () => params(page).get("q") === written);
    await builder.getByText(written).waitFor();
    await builder.getByText("How much shop_orders_total grew in the last 5m").waitFor();

    await page.getByRole("button", { name: "Edit PromQL" }).click();
    assert.equal(await editor(page).textContent(), written);
    await page.getByRole("button", { name: "Builder" }).click();
    assert.equal(await builder.getByLabel("Keep").inputValue(), "topk");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("asks a histogram for its percentile, and says what it can't show", async () => {
    const { page, context, complaints } = await open(link({ build: "1,2", q2: "shop_memory_bytes / 2" }));
    await page.getByRole("group", { name: "Query B", exact: true }).getByText("The builder can't show this query.").waitFor();
    await page.getByRole("combobox", { name: "Query A: metric" }).fill("shop request duration");
    await page.getByRole("option", { name: /shop_request_duration_seconds/ }).click();
    await until("a histogram becomes a percentile", () => params(page).get("q") === "histogram_quantile(0.95, sum by (le, service) (rate(shop_request_duration_seconds_bucket[$__rate_interval])))");
    await page.getByRole("button", { name: "Edit it as PromQL" }).click();
    await editor(page, "B").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("results", () => {
  test("are of several queries on one chart, each shown or hidden, named and moved", async () => {
    const { page, context, complaints } = await open(link({ q: "shop_queue_size{service='cart'}".replaceAll("'", '"'), legend: "waits in {{service}}" }));
    await drawn(page);
    await page.getByText("waits in cart").waitFor();
    await page.getByRole("button", { name: "Add query" }).click();
    await editor(page, "B").click();
    await page.keyboard.type("sum(shop_orders_total)");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await until("both are drawn", async () => (await legend(page).count()) === 2);
    await page.getByRole("button", { name: "Show query A" }).click();
    await until("one is hidden", async () => (await legend(page).count()) === 1 && params(page).get("hide") === "1");
    await fromMenu(page, "B", "Move up");
    await until("the queries changed places", () => params(page).get("q") === "sum(shop_orders_total)" && params(page).get("hide") === "2");
    await fromMenu(page, "A", "Duplicate");
    await until("there are three", () => params(page).get("q3") !== null && params(page).get("q2") === "sum(shop_orders_total)");
    await fromMenu(page, "C", "Remove");
    await until("there are two", () => params(page).get("q3") === null);
    await page.goBack();
    await until("going back brings it back", () => params(page).get("q3") !== null);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("are lines, stacks or bars, with a logarithmic scale, a unit, and as tables", async () => {
    const { page, context, complaints } = await open(link({ q: "shop_memory_bytes" }));
    let before = (await drawn(page)).sum;
    for (const kind of ["Areas", "Stacked", "Bars"]) {
      await page.getByLabel("Kind of chart").selectOption(kind);
      before = await until(`${kind} are drawn`, async () => {
        const { colourful, sum } = await chartState(page, "Queries");
        return colourful > 50 && sum !== before && sum;
      });
    }
    await page.getByRole("button", { name: "Log scale" }).click();
    await until("the scale is in the address", () => params(page).get("scale") === "log");
    await legend(page).filter({ hasText: "MiB" }).first().waitFor();
    await page.getByLabel("Unit").selectOption("Seconds");
    await until("the unit is another one", async () => (await legend(page).filter({ hasText: "MiB" }).count()) === 0 && params(page).get("unit") === "seconds");
    await page.getByRole("button", { name: "Table", exact: true }).click();
    await page.getByRole("table", { name: "Values over time" }).waitFor();
    await page.getByRole("button", { name: "Values", exact: true }).click();
    await page.getByRole("table", { name: "Values", exact: true }).getByRole("cell", { name: "checkout" }).first().waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("are cut to the largest series, with more on demand", async () => {
    const { page, context, complaints } = await open(link({ q: "shop_shards" }));
    await page.getByText(/showing 50 of 1,000 series/i).waitFor();
    await page.getByRole("button", { name: "Show more" }).first().click();
    await page.getByText(/showing 200 of 1,000 series/i).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("say which metric was meant when there is none", async () => {
    const { page, context, complaints } = await open(link({ q: "sum(shop_queue_sise)" }));
    await page.getByText("No series is called").waitFor();
    await page.getByRole("button", { name: /^shop_queue_size/ }).click();
    await until("the name is put right", () => /^sum\(shop_queue_size\w*\)$/.test(params(page).get("q") ?? ""));
    await drawn(page);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("can be waited for or cancelled, and come when the server is back", async () => {
    const { page, context } = await open(link({}));
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/v1/query/range", async (route) => {
      await held;
      await route.continue().catch(() => undefined);
    });
    await editor(page).click();
    await page.keyboard.type("sum(shop_memory_bytes)");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled.").waitFor();
    release();
    await page.unroute("**/v1/query/range");
    await page.getByRole("button", { name: "Run again" }).click();
    await drawn(page);
    await page.route("**/v1/query/range", (route) => route.abort());
    await editor(page).click();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("max(shop_memory_bytes)");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    const failure = page.getByRole("alert").filter({ hasText: "The server does not answer" });
    await failure.waitFor();
    await page.unroute("**/v1/query/range");
    await failure.getByRole("button", { name: "Try again" }).click();
    await failure.waitFor({ state: "detached" });
    await context.close();
  });

  test("lead to logs and are shared", async () => {
    const { page, context, complaints } = await open(link({ q: 'shop_memory_bytes{service="checkout"}' }), { permissions: ["clipboard-read", "clipboard-write"] });
    await drawn(page);
    const href = await page.getByRole("link", { name: "Logs of checkout" }).getAttribute("href");
    assert.equal(new URLSearchParams(href.slice(href.indexOf("?"))).get("query"), "service:checkout");
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("menuitem", { name: "Copy link with this time fixed" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const copied = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    assert.match(copied.searchParams.get("from"), /^\d{4}-.*Z$/);
    assert.equal(copied.searchParams.get("q"), 'shop_memory_bytes{service="checkout"}');
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

test("everything goes by keyboard alone", async () => {
  const { page, context, complaints } = await open(link({ find: "shop" }));
  await page.getByRole("button", { name: "shop_orders_total" }).waitFor();
  await editor(page).waitFor();
  await page.keyboard.press("e");
  await page.keyboard.type("shop_mem");
  await accept(page, /shop_memory_bytes/);
  await page.keyboard.press("Enter");
  await drawn(page);
  // Enter again, with a second line by Shift, and what ran before by Alt and an arrow.
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("* 2");
  await page.keyboard.press("Control+Enter");
  await until("two lines ran", () => params(page).get("q") === "shop_memory_bytes\n* 2");
  await page.keyboard.press("Alt+ArrowUp");
  assert.equal(await editor(page).textContent(), "shop_memory_bytes");
  // The editor doesn't hold the focus: from it the Tab key goes on through the row.
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
  const walked = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press("Tab");
    walked.push(await focused());
  }
  assert.deepEqual(walked, ["Recent queries", "Query A: names of series", "Builder", "More for query A"]);
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Duplicate" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await until("the query is there twice", () => params(page).get("q2") === "shop_memory_bytes");
  assert.deepEqual(complaints, []);
  await context.close();
});

for (const colorScheme of ["light", "dark"]) {
  test(`is accessible in the ${colorScheme} theme, on a phone too`, async () => {
    const { page, context, complaints } = await open(link({ find: "shop" }), { colorScheme });
    await page.getByRole("button", { name: "shop_orders_total" }).waitFor();
    await checkAccessibility(page);
    await page.goto(`${server.url}${link({ build: "1", q: "sum by (service) (rate(shop_orders_total[$__rate_interval]))", q2: "shop_queue_sise" })}`);
    await drawn(page);
    await editor(page, "B").waitFor();
    await checkAccessibility(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await drawn(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, "nothing is wider than the screen");
    await checkAccessibility(page);
    await page.goto(`${server.url}${link({ q: "shop_memory_bytes", view: "values" })}`);
    await page.getByRole("table", { name: "Values", exact: true }).waitFor();
    await checkAccessibility(page);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
