// Dashboards, in a browser against the real program, with data sent by the test.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { checkAccessibility } from "./axe.mjs";
import { chartState, launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

let server;
let browser;
let state;

const hosts = [
  ["web-1.example", "prod"],
  ["web-2.example", "prod"],
  ["lab-1", "staging"],
];

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

/** sendAll sends ten minutes of a gauge for each host, and some log lines. */
async function sendAll() {
  const now = Date.now();
  const times = Array.from({ length: 61 }, (_, i) => new Date(now - (60 - i) * 10_000).toISOString());
  await server.send("metrics", hosts.flatMap(([host, env], h) => times.map((time, i) => ({ time, service: "shop", instance_id: host, metric_name: "shop_load", value: 10 * (h + 1) + (i % 5), labels: { host, env } }))));
  await server.send("logs", times.flatMap((time, i) => hosts.map(([host]) => ({ time, service: "shop", instance_id: host, level: i % 6 === 0 ? "error" : "info", message: `order ${i} of ${host}` }))));
}

const headers = () => ({ "Content-Type": "application/json", "X-API-Key": server.bootstrap.api_key });

async function api(method, path, body) {
  const response = await fetch(`${server.url}/v1/dashboards${path}`, { method, headers: headers(), ...(body ? { body: JSON.stringify(body) } : {}) });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

const metrics = (query) => ({ kind: "TimeSeriesQuery", spec: { plugin: { kind: "PrometheusTimeSeriesQuery", spec: { query } } } });
const logs = (query) => ({ kind: "LogQuery", spec: { plugin: { kind: "PharosLogQuery", spec: { query } } } });
const panel = (name, kind, queries, spec = {}) => ({ kind: "Panel", spec: { display: { name }, plugin: { kind, spec }, queries } });

/** document has its panels in two columns, under each other. */
function document(name, panels, more = {}) {
  const items = Object.keys(panels).map((key, i) => ({ x: (i % 2) * 12, y: Math.floor(i / 2) * 8, width: 12, height: 8, content: { $ref: `#/spec/panels/${key}` } }));
  return { kind: "Dashboard", metadata: {}, spec: { display: { name }, tags: ["test"], duration: "15m", variables: [], panels, layouts: [{ kind: "Grid", spec: { items } }], ...more } };
}

const load = () => panel("Load", "TimeSeriesChart", [metrics("shop_load")], { legend: { position: "bottom", mode: "list" } });
const create = async (name, panels, more) => (await api("POST", "", document(name, panels, more))).metadata.name;
const read = (id) => api("GET", `/${id}`);

async function open(path, options = {}) {
  const opened = await openPage(browser, server.url, { storageState: state, ...options });
  await opened.page.goto(`${server.url}${path}`);
  return opened;
}

const panelOf = (page, name) => page.getByRole("region", { name, exact: true });
const dialog = (page) => page.getByRole("dialog");
const drawn = (page, name) => until(`${name} is drawn`, async () => (await chartState(page, name)).colourful > 50);
const places = async (id) => Object.fromEntries((await read(id)).spec.layouts.flatMap((section, s) => section.spec.items.map((item) => [item.content.$ref.split("/").at(-1), { section: s, x: item.x, y: item.y, w: item.width, h: item.height }])));

/** still is the place of an element once it has stopped moving. */
function still(element) {
  let before;
  return until("nothing moves", async () => {
    const now = await element.boundingBox();
    const same = before && now.x === before.x && now.y === before.y;
    before = now;
    return same && now;
  });
}

/** menu opens the menu of a panel and takes an entry. */
async function menu(page, name, entry) {
  await page.getByRole("button", { name: `Menu of ${name}`, exact: true }).click();
  await page.getByRole("menuitem", { name: entry, exact: true }).click();
}

async function save(page, message) {
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await dialog(page).getByLabel("What changed").fill(message);
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).waitFor();
}

/** write fills the query of the panel editor, when the editor is there. */
async function write(page, text) {
  const editor = dialog(page).getByRole("textbox", { name: "Query" });
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

describe("the ready dashboards", () => {
  for (const colorScheme of ["light", "dark"]) {
    test(`open with all their panels, ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/dashboards", { colorScheme });
      for (const name of ["Host", "Platform", "Logs overview"]) {
        await page.getByRole("link", { name, exact: true }).click();
        await page.getByRole("heading", { level: 1, name: new RegExp(`${name}$`) }).waitFor();
        await until("panels are there", async () => (await page.locator("[data-panel]").count()) >= 7);
        await drawn(page, { Host: "CPU by mode", Platform: "Accepted", "Logs overview": "Records by level" }[name]);
        await page.locator("[data-panel]").last().scrollIntoViewIfNeeded();
        await until("nothing waits", async () => (await page.locator("[data-panel] [role=status]").count()) === 0);
        assert.deepEqual(await page.locator("[data-panel] [role=alert]").allTextContents(), []);
        await checkAccessibility(page);
        await page.getByRole("link", { name: "Dashboards" }).last().click();
        await page.getByRole("table", { name: "Dashboards" }).waitFor();
      }
      await checkAccessibility(page);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test("are not changed, but copied", async () => {
    const { page, context, complaints } = await open("/dashboards/pharos-host");
    await page.getByRole("button", { name: "Duplicate to edit" }).click();
    await page.getByText("Editing", { exact: true }).waitFor();
    assert.equal((await read("host-copy")).spec.display.name, "Host copy");
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("making a dashboard", () => {
  test("with panels of every kind, arranged, saved and opened again", async () => {
    const { page, context, complaints } = await open("/dashboards");
    await page.getByRole("button", { name: "New dashboard" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Every kind");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: /Three ways to begin/ }).waitFor();
    await checkAccessibility(page);

    const kinds = [
      ["Time series", "shop_load"],
      ["Stat", "sum(shop_load)"],
      ["Gauge", "max(shop_load)"],
      ["Table", "shop_load"],
      ["Bars", "topk(3, shop_load)"],
      ["Logs", "level:error"],
      ["Text", ""],
    ];
    for (const [kind, query] of kinds) {
      await page.getByRole("button", { name: "Add panel", exact: true }).first().click();
      await dialog(page).getByRole("group", { name: "Shown as" }).getByText(kind, { exact: true }).click();
      await dialog(page).getByLabel("Title").fill(`My ${kind}`);
      if (kind === "Text") await dialog(page).getByLabel("Text in Markdown").fill("# Runbook\n\nLook at [the list](/dashboards). <img src=x onerror=alert(1)>");
      else await write(page, query);
      if (kind === "Time series") {
        await drawn(page, "My Time series");
        await checkAccessibility(page);
      }
      await dialog(page).getByRole("button", { name: "Add panel" }).click();
      await panelOf(page, `My ${kind}`).waitFor();
    }
    await panelOf(page, "My Table").getByRole("row", { name: /web-1.example/ }).waitFor();
    await panelOf(page, "My Bars").getByText("web-2.example").first().waitFor();
    await panelOf(page, "My Logs").getByText(/order \d+ of/).first().waitFor();
    await panelOf(page, "My Stat").getByRole("img", { name: /My Stat: \d/ }).waitFor();
    await panelOf(page, "My Gauge").getByRole("meter").waitFor();
    await panelOf(page, "My Text").getByRole("heading", { name: "Runbook" }).waitFor();
    assert.equal(await panelOf(page, "My Text").locator("img").count(), 0);
    await save(page, "all seven");

    const id = new URL(page.url()).pathname.split("/").at(-1);
    assert.equal(Object.keys((await read(id)).spec.panels).length, 7);
    await page.reload();
    await drawn(page, "My Time series");
    await panelOf(page, "My Text").getByRole("link", { name: "the list" }).click();
    await page.getByRole("table", { name: "Dashboards" }).waitFor();
    await page.getByRole("searchbox", { name: "Search dashboards" }).fill("every");
    await page.getByRole("link", { name: "Every kind" }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("arranges by dragging, and takes it back", async () => {
    const id = await create("Drag", { a: load(), b: panel("Second", "StatChart", [metrics("sum(shop_load)")]) });
    const { page, context, complaints } = await open(`/dashboards/${id}?edit=on`);
    const grip = page.getByRole("button", { name: "Arrange Load" });
    await page.locator(".react-resizable-handle").first().waitFor();
    await drawn(page, "Load");
    const from = await grip.boundingBox();
    await page.mouse.move(from.x + 4, from.y + 4);
    await page.mouse.down();
    await page.mouse.move(from.x + 300, from.y + 60, { steps: 8 });
    await page.mouse.move(from.x + 640, from.y + 330, { steps: 8 });
    await page.mouse.up();
    const undo = page.getByRole("button", { name: "Undo: Arrange panels" });
    await undo.waitFor();
    const corner = await still(panelOf(page, "Second").locator("xpath=..").locator(".react-resizable-handle"));
    await page.mouse.move(corner.x + 8, corner.y + 8);
    await page.mouse.down();
    await page.mouse.move(corner.x + 8, corner.y + 88, { steps: 6 });
    await page.mouse.up();
    await save(page, "dragged");
    const after = await places(id);
    assert.ok(after.a.x > 6 && after.a.y > 0, JSON.stringify(after));
    assert.equal(after.b.h, 10);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("asks before what is not saved is lost", async () => {
    const id = await create("Guard", { a: load() });
    const { page, context, complaints } = await open(`/dashboards/${id}`);
    await menu(page, "Load", "Duplicate");
    await panelOf(page, "Load copy").waitFor();
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await page.getByRole("dialog", { name: "Leave without saving?" }).waitFor();
    await page.getByRole("button", { name: "Go on editing" }).click();
    await panelOf(page, "Load copy").waitFor();
    await page.getByRole("button", { name: "Undo: Duplicate panel" }).click();
    await until("the copy is gone", async () => (await panelOf(page, "Load copy").count()) === 0);
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    assert.equal((await read(id)).metadata.version, 1);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("by keyboard alone", () => {
  test("a dashboard is made, arranged and saved", async () => {
    const { page, context, complaints } = await open("/dashboards");
    await page.getByRole("table", { name: "Dashboards" }).waitFor();
    await page.keyboard.press("n");
    await page.getByRole("dialog", { name: "New dashboard" }).waitFor();
    await page.keyboard.type("Keys");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /Three ways to begin/ }).waitFor();
    for (const name of ["One", "Two"]) {
      await until("the editor opens", async () => {
        if ((await dialog(page).count()) > 0) return true;
        await page.keyboard.press("a");
        return false;
      });
      await dialog(page).getByLabel("Title").focus();
      await page.keyboard.type(name);
      await dialog(page).getByRole("button", { name: "Add panel" }).focus();
      await page.keyboard.press("Enter");
      await panelOf(page, name).waitFor();
    }
    await page.getByRole("button", { name: "Arrange One" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Control+s");
    await page.getByRole("dialog", { name: "Save dashboard" }).waitFor();
    await page.keyboard.type("by keys");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Edit", exact: true }).waitFor();
    assert.deepEqual((await places("keys")).one, { section: 0, x: 0, y: 0, w: 14, h: 9 });

    await page.keyboard.press("e");
    await page.getByText("Editing", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Menu of Two" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "View alone" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Show all panels" }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("panel"), "two");
    await page.keyboard.press("Escape");
    await panelOf(page, "One").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("variables", () => {
  test("change what is asked, follow each other, and are in the address", async () => {
    const labels = (name, more) => ({ kind: "ListVariable", spec: { name, plugin: { kind: "PrometheusLabelValuesVariable", spec: { labelName: name, matchers: [name === "host" ? 'shop_load{env="$env"}' : "shop_load"] } }, ...more } });
    const id = await create(
      "Variables",
      { a: panel("Load of $env", "Table", [metrics('shop_load{env="$env", host=~"$host"}')]) },
      { variables: [labels("env", { display: { name: "Environment" } }), labels("host", { allowMultiple: true, allowAllValue: true })] },
    );
    const { page, context, complaints } = await open(`/dashboards/${id}`);
    const rows = () => page.locator("[data-panel=a] tbody tr");
    await page.getByRole("button", { name: "Environment: prod" }).waitFor();
    await until("both hosts of prod", async () => (await rows().count()) === 2);

    await page.getByRole("button", { name: "host: All" }).click();
    await page.getByLabel("web-2.example").click();
    await until("one host", async () => (await rows().count()) === 1);
    assert.equal(new URL(page.url()).searchParams.get("var-host"), "web-2.example");
    await checkAccessibility(page);
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Environment: prod" }).click();
    await page.getByRole("button", { name: "staging", exact: true }).click();
    await panelOf(page, "Load of staging").getByText("No data in this time range").waitFor();
    await page.getByRole("button", { name: "host: web-2.example" }).click();
    await page.getByLabel("All", { exact: true }).click();
    await until("the host of staging", async () => (await rows().allTextContents()).join().includes("lab-1"));

    await page.goto(`${server.url}/dashboards/${id}?from=now-15m&to=now&var-env=prod&var-host=web-1.example,web-2.example`);
    await page.getByRole("button", { name: "host: web-1.example, web-2.example" }).waitFor();
    await until("both hosts again", async () => (await rows().count()) === 2);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("panels", () => {
  test("say what is wrong, and wait until somebody looks", async () => {
    const panels = { bad: panel("Bad", "TimeSeriesChart", [metrics("rate(shop_load[5m])[")]), none: panel("None", "TimeSeriesChart", [metrics("nothing_has_this_name")]) };
    for (let i = 0; i < 12; i++) panels[`fill${i}`] = panel(`Fill ${i}`, "Markdown", [], { text: "x" });
    panels.below = panel("Below", "StatChart", [metrics("count(shop_load) * 7777")]);
    // The server takes no query that it can't parse, so the page gets it another way.
    const { bad, ...fine } = panels;
    const id = await create("States", { bad: panel("Bad", "TimeSeriesChart", [metrics("up")]), ...fine });
    const { page, context, complaints } = await openPage(browser, server.url, { storageState: state });
    await page.route(`**/v1/dashboards/${id}`, async (route) => {
      const answer = await (await route.fetch()).json();
      answer.spec.panels.bad = bad;
      await route.fulfill({ json: answer });
    });
    const asked = [];
    page.on("request", (request) => asked.push(request.postData() ?? ""));
    await page.goto(`${server.url}/dashboards/${id}`);
    await panelOf(page, "Bad").getByRole("alert").waitFor();
    await panelOf(page, "None").getByText("No data in this time range").waitFor();
    assert.equal(asked.filter((body) => body.includes("7777")).length, 0);
    await panelOf(page, "Below").scrollIntoViewIfNeeded();
    await panelOf(page, "Below").getByRole("img", { name: /Below: 23.3/ }).waitFor();
    assert.ok(asked.some((body) => body.includes("7777")));
    // The browser itself complains of the refused query.
    assert.deepEqual(complaints.filter((line) => !line.includes("400")), []);
    await context.close();
  });

  test("lead to Metrics and Logs with their query and time", async () => {
    const id = await create("Explore", { a: load(), b: panel("Lines", "LogsTable", [logs("level:error")]) });
    const { page, context, complaints } = await open(`/dashboards/${id}`);
    await menu(page, "Load", "Explore in Metrics");
    await page.getByRole("heading", { level: 1, name: "Metrics" }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("q"), "shop_load");
    assert.equal(new URL(page.url()).searchParams.get("from"), "now-15m");
    await page.goBack();
    await panelOf(page, "Lines").waitFor();
    await menu(page, "Lines", "Explore in Logs");
    await page.getByRole("heading", { level: 1, name: "Logs" }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("query"), "level:error");
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("versions", () => {
  test("are listed, compared and restored", async () => {
    const id = await create("Versioned", { a: load() });
    const first = await read(id);
    first.spec.display.name = "Renamed";
    await api("PUT", `/${id}?message=another+name`, first);
    const { page, context, complaints } = await open(`/dashboards/${id}`);
    await page.getByRole("button", { name: "More about this dashboard" }).click();
    await page.getByRole("menuitem", { name: "Versions" }).click();
    await dialog(page).getByRole("row", { name: /another name/ }).waitFor();
    await dialog(page).getByRole("button", { name: "Changes of version 2" }).click();
    const changes = dialog(page).getByRole("group", { name: "Changes from version 1 to version 2" });
    await changes.getByText('"name": "Renamed"').waitFor();
    await checkAccessibility(page);
    await dialog(page).getByRole("button", { name: "View version 1" }).click();
    await page.getByText("This is version 1").waitFor();
    assert.equal(new URL(page.url()).searchParams.get("version"), "1");
    await page.getByRole("button", { name: "Restore it" }).click();
    await page.getByRole("button", { name: "Edit", exact: true }).waitFor();
    await page.getByRole("heading", { level: 1, name: /Versioned$/ }).waitFor();
    const restored = await read(id);
    assert.equal(restored.metadata.version, 3);
    assert.equal(restored.spec.display.name, "Versioned");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("of two people don't overwrite each other unseen", async () => {
    const id = await create("Conflict", { a: load() });
    const { page, context, complaints } = await open(`/dashboards/${id}`);
    await menu(page, "Load", "Duplicate");
    const theirs = await read(id);
    theirs.spec.display.description = "theirs";
    await api("PUT", `/${id}`, theirs);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog", { name: "Somebody else saved this dashboard" }).waitFor();
    await dialog(page).getByText(/saved version 2/).waitFor();
    await checkAccessibility(page);
    await dialog(page).getByRole("button", { name: "Overwrite" }).click();
    await page.getByRole("button", { name: "Edit", exact: true }).waitFor();
    const mine = await read(id);
    assert.equal(mine.metadata.version, 3);
    assert.equal(mine.spec.display.description, undefined);
    assert.ok(mine.spec.panels["load-copy"]);
    // The browser itself complains of the refused request.
    assert.deepEqual(complaints.filter((line) => !line.includes("409")), []);
    await context.close();
  });

  test("are code, which is checked", async () => {
    const id = await create("Code", { a: load() });
    const { page, context, complaints } = await open(`/dashboards/${id}?edit=on`);
    await page.getByRole("button", { name: "Code", exact: true }).click();
    const editor = dialog(page).getByRole("textbox", { name: "Document of the dashboard" });
    const write = async (text) => {
      await editor.click();
      await page.keyboard.press("Control+a");
      await page.keyboard.press("Delete");
      await page.keyboard.insertText(text);
      await dialog(page).getByRole("button", { name: "Apply" }).click();
    };
    const changed = document("By hand", { a: load(), b: panel("Added", "Markdown", [], { text: "hello" }) });
    await write(JSON.stringify(changed).replace("#/spec/panels/b", "#/spec/panels/c"));
    await dialog(page).getByText("spec.layouts[0].spec.items[1].content.$ref").waitFor();
    await write(JSON.stringify(changed));
    await panelOf(page, "Added").getByText("hello").waitFor();
    await save(page, "by hand");
    assert.equal((await read(id)).spec.display.name, "By hand");
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("from the list", () => {
  test("a dashboard is duplicated, exported and deleted, and comes back", async () => {
    const id = await create("Short lived", { a: load() });
    const { page, context, complaints } = await open("/dashboards?q=short");
    const act = async (entry) => {
      await page.getByRole("button", { name: "Actions for Short lived", exact: true }).click();
      await page.getByRole("menuitem", { name: entry }).click();
    };
    await page.getByRole("link", { name: "Short lived" }).waitFor();
    const [file] = await Promise.all([page.waitForEvent("download"), act("Export as JSON")]);
    assert.equal(file.suggestedFilename(), `${id}.json`);
    await act("Delete");
    await dialog(page).getByRole("button", { name: "Delete" }).click();
    await page.getByText("No dashboard matches").waitFor();
    await page.getByRole("button", { name: "Bring it back" }).click();
    await page.getByRole("link", { name: "Short lived" }).waitFor();
    assert.equal((await read(id)).spec.display.name, "Short lived");
    assert.deepEqual(complaints, []);
    await context.close();
  });
});

describe("import", () => {
  for (const colorScheme of ["light", "dark"]) {
    test(`of a Grafana dashboard says what comes over, then saves it, ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/dashboards", { colorScheme });
      await page.getByRole("button", { name: "Import" }).click();
      await page.locator('input[type="file"]').setInputFiles(fileURLToPath(new URL("../../backend/dashboards/grafana/testdata/new.json", import.meta.url)));
      await until("the file is read", async () => (await page.getByLabel("Or paste it here").inputValue()).includes("Orders of the shop"));
      await page.getByRole("button", { name: "Check" }).click();
      await dialog(page).getByText("there is no panel of the kind heatmap").waitFor();
      await dialog(page).getByText("transformations left out").waitFor();
      await checkAccessibility(page);
      await page.getByRole("button", { name: "Save dashboard" }).click();
      await page.waitForURL(/\/dashboards\/orders-of-the-shop/);
      await page.getByText("Right now", { exact: true }).waitFor();
      const id = new URL(page.url()).pathname.split("/").at(-1);
      assert.equal(Object.keys((await read(id)).spec.panels).length, 7);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test("of something else says why not", async () => {
    const { page, context } = await open("/dashboards");
    await page.getByRole("button", { name: "Import" }).click();
    await page.getByLabel("Or paste it here").fill('{"title": "x"}');
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText("neither a dashboard of Perses nor one of Grafana").waitFor();
    await context.close();
  });
});

describe("on a phone", () => {
  for (const colorScheme of ["light", "dark"]) {
    test(`panels stand under each other, ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/dashboards/pharos-host", { colorScheme, viewport: { width: 390, height: 844 } });
      await page.locator("[data-panel]").nth(5).waitFor();
      await panelOf(page, "CPU by mode").scrollIntoViewIfNeeded();
      await drawn(page, "CPU by mode");
      const boxes = await page.locator("[data-panel]").evaluateAll((panels) => panels.map((one) => one.getBoundingClientRect()).map(({ left, width }) => [left, width]));
      assert.ok(boxes.every(([left, width]) => left >= 0 && left + width <= 390), JSON.stringify(boxes));
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
      await checkAccessibility(page);
      await page.goto(`${server.url}/dashboards`);
      await page.getByRole("link", { name: "Platform" }).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});
