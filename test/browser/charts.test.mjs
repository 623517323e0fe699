// Charts by mouse, finger and keys, on the Metrics page, with data sent by the test.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { chartState, launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

const members = 15;

let server;
let browser;
let state;
let end;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
  end = Math.floor(Date.now() / 1000) - 10;
  const samples = Array.from({ length: members * 60 }, (_, i) => {
    const [member, at] = [i % members, Math.floor(i / members)];
    return { time: new Date((end - 590 + at * 10) * 1000).toISOString(), service: "charts", metric_name: "charts_load", value: member * 10 + (at % 7), labels: { member: `m${String(member).padStart(2, "0")}` } };
  });
  await server.send("metrics", samples);
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

async function open(options = {}) {
  const opened = await openPage(browser, server.url, { storageState: state, ...options });
  await opened.page.goto(`${server.url}/metrics?q=charts_load&legend=${encodeURIComponent("{{member}}")}&from=${end - 590}&to=${end}&tz=UTC`);
  await until("the chart is drawn", async () => (await chartState(opened.page, "Queries")).colourful > 200);
  const over = opened.page.locator('[data-chart="Queries"] .u-over');
  return { ...opened, over, box: await over.boundingBox(), tooltip: opened.page.getByRole("tooltip") };
}

/** inside says that an element is inside the window. */
async function inside(page, element) {
  const box = await element.boundingBox();
  const view = page.viewportSize();
  return box.x >= 0 && box.y >= 0 && box.x + box.width <= view.width && box.y + box.height <= view.height;
}

const search = (page) => new URL(page.url()).searchParams;

describe("charts", () => {
  for (const colorScheme of ["light", "dark"]) {
    test(`by mouse, in ${colorScheme}`, async () => {
      const { page, context, complaints, box, tooltip } = await open({ colorScheme });
      assert.equal(await tooltip.count(), 0);
      for (const share of [0.02, 0.5, 0.98]) {
        await page.mouse.move(box.x + box.width * share, box.y + 30);
        await tooltip.waitFor();
        assert.equal(await tooltip.getByRole("row").count(), 12);
        assert.match(await tooltip.textContent(), /and 3 more$/);
        assert.ok(await inside(page, tooltip), `the tooltip at ${share} is inside the window`);
      }
      // The largest first; the one under the mouse stands out.
      assert.match(await tooltip.getByRole("row").first().textContent(), /^m14/);
      await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.55);
      await until("another series is the nearest", async () => !(await tooltip.locator("[data-nearest=true]").textContent()).startsWith("m14"));

      await page.mouse.click(box.x + box.width / 2, box.y + 60);
      const close = page.getByRole("button", { name: "Close the values" });
      await close.waitFor();
      await checkAccessibility(page);
      await page.mouse.move(box.x + 5, box.y - 60);
      assert.equal(await tooltip.count(), 1, "it is pinned");
      await close.click();
      await tooltip.waitFor({ state: "detached" });

      const legend = page.getByRole("table", { name: "Series", exact: true });
      await legend.getByRole("button", { name: "m07" }).click();
      await until("one series is alone", async () => (await page.locator('[data-chart="Queries"]').getAttribute("data-series")) === "1");
      await legend.getByRole("button", { name: "m08" }).click({ modifiers: ["Control"] });
      await until("another joins it", async () => (await page.locator('[data-chart="Queries"]').getAttribute("data-series")) === "2");
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test("zooms in by marking, and out by a double click", async () => {
    const { page, context, complaints, box } = await open();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=\d{4}-\d\d-\d\dT[\d:]+Z/);
    const width = () => Date.parse(search(page).get("to")) - Date.parse(search(page).get("from"));
    const narrow = width();
    assert.ok(Math.abs(narrow / 1000 - 295) < 20, `${narrow / 1000} s are shown`);
    assert.equal(await page.getByRole("tooltip").getByRole("button").count(), 0, "marking pins nothing");
    await page.mouse.dblclick(box.x + box.width / 2, box.y + 40);
    await until("it is twice as wide", () => Math.abs(width() / narrow - 2) < 0.05);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("by keyboard alone", async () => {
    const { page, context, complaints, tooltip } = await open();
    const image = page.getByRole("img", { name: /^Queries: 15 series/ });
    await until("the chart has the focus", async () => {
      await page.keyboard.press("Tab");
      return image.evaluate((element) => element === document.activeElement);
    });
    await page.keyboard.press("End");
    const last = await tooltip.textContent();
    await page.keyboard.press("ArrowLeft");
    await until("the cursor moved", async () => (await tooltip.textContent()) !== last);
    const said = page.locator("[aria-live=polite]").filter({ hasText: /m14 \d+, and 14 more/ });
    await said.waitFor({ state: "attached" });
    await page.keyboard.press("ArrowDown");
    await page.locator("[aria-live=polite]").filter({ hasText: /m13 \d+, and 14 more/ }).waitFor({ state: "attached" });
    await page.keyboard.press("Escape");
    await tooltip.waitFor({ state: "detached" });

    const from = search(page).get("from");
    await page.keyboard.press("Shift+ArrowLeft");
    await until("the range moved back", () => search(page).get("from") !== from);
    const earlier = search(page).get("from");
    assert.ok(Date.parse(earlier) / 1000 < Number(from), `${earlier} is before`);
    await page.keyboard.press("+");
    await until("it is narrower", () => search(page).get("from") !== earlier);

    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("A chart with the focus").waitFor();
    await page.getByRole("dialog").getByText("Pin the values").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("by touch on a phone", async () => {
    const { page, context, complaints, box, tooltip } = await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const at = async (share) => {
      await page.locator('[data-chart="Queries"]').scrollIntoViewIfNeeded();
      const now = await page.locator('[data-chart="Queries"] .u-over').boundingBox();
      await page.touchscreen.tap(now.x + now.width * share, now.y + now.height / 2);
    };
    assert.ok(box.width > 200);
    await at(0.3);
    await page.getByRole("button", { name: "Close the values" }).waitFor();
    assert.ok(await inside(page, tooltip), "the tooltip is inside the window");
    const first = await tooltip.textContent();
    await at(0.8);
    await until("another point is pinned", async () => (await tooltip.count()) === 1 && (await tooltip.textContent()) !== first);
    await page.touchscreen.tap(195, 90);
    await tooltip.waitFor({ state: "detached" });
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
