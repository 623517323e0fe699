// Settings, against the real program: keys, health, usage, password, appearance.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

describe("settings", () => {
  let server;
  let browser;
  let session;

  before(async () => {
    [server, browser] = await Promise.all([Server.start(), launch()]);
    await server.send("metrics", [{ time: new Date().toISOString(), service: "orchard", metric_name: "apples_total", value: 3 }]);
    await server.send("logs", [{ time: new Date().toISOString(), service: "orchard", level: "info", message: "apples are ripe" }]);
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

  async function open(path, options = {}) {
    const opened = await openPage(browser, server.url, { storageState: session, ...options });
    await opened.page.goto(server.url + path);
    await opened.page.getByRole("tab", { name: "API keys" }).waitFor();
    return opened;
  }

  const asks = (key) => fetch(`${server.url}/v1/auth/me`, { headers: { "X-API-Key": key } }).then(({ status }) => status);

  for (const colorScheme of ["light", "dark"]) {
    it(`has tabs that everybody can use, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/settings", { colorScheme });
      const contents = [
        ["API keys", () => page.getByRole("row", { name: /first key/ })],
        ["Health", () => page.getByRole("row", { name: /metric store Healthy/ })],
        ["Usage and retention", () => page.getByRole("row", { name: /orchard/ })],
        ["Account", () => page.getByLabel("Current password")],
        ["Appearance", () => page.getByText("Rows of tables")],
        ["About", () => page.getByText("Prometheus API")],
      ];
      for (const [name, content] of contents) {
        await page.getByRole("tab", { name }).click();
        await content().first().waitFor();
        await until("the title says so", async () => (await page.title()) === `${name} · Settings · Pharos`);
        await checkAccessibility(page);
      }
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("creates a key and revokes it, by keyboard alone", async () => {
    const { page, context, complaints } = await open("/settings");
    await page.getByRole("row", { name: /first key/ }).waitFor();
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog", { name: "Create an API key" });
    await until("the name has the focus", () => page.evaluate(() => document.activeElement.tagName === "INPUT"));
    await page.keyboard.press("Enter");
    await dialog.getByText("A key needs a name").waitFor();
    await checkAccessibility(page);
    await page.keyboard.type("ci");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space"); // not ingest
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space"); // but query
    await page.keyboard.press("Enter");
    const made = page.getByRole("dialog", { name: "The key ci" });
    await made.getByText("It is shown only now").waitFor();
    const key = await made.locator("code").textContent();
    assert.equal(await asks(key), 200);
    await checkAccessibility(page);
    await page.keyboard.press("Escape");
    const row = page.getByRole("row", { name: /^ci/ });
    await row.waitFor();
    assert.match(await row.textContent(), /query/);
    assert.equal((await page.content()).includes(key), false, "the key is not shown again");

    await row.getByRole("button", { name: "Revoke the key ci" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Revoke the key ci?" }).waitFor();
    await until("the careful button has the focus", () => page.evaluate(() => document.activeElement.textContent === "Cancel"));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await row.waitFor({ state: "detached" });
    await until("the key is refused", async () => (await asks(key)) === 401);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("follows the health as it is", async () => {
    const { page, context } = await open("/settings?tab=health");
    await page.getByRole("row", { name: /metric store Healthy/ }).waitFor();
    await server.kill();
    await page.getByRole("alert").getByText(/The server's health is not known/).waitFor();
    await server.run();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.getByRole("row", { name: /metric store Healthy/ }).waitFor();
    await context.close();
  });

  it("shows what is kept, and for how long", async () => {
    const { page, context, complaints } = await open("/settings?tab=usage");
    const fact = (title, name) => page.getByRole("region", { name: title }).locator(`dt:text-is('${name}') + dd`).textContent();
    await page.getByRole("region", { name: "Metrics" }).waitFor();
    await until("series are counted", async () => /\d/.test(await fact("Metrics", "Active series")));
    await until("log lines are counted", async () => /^[1-9]/.test(await fact("Logs", "Lines kept")));
    await until("retention is told", async () => /30\s?d/.test(await fact("Metrics", "Kept for")) && /7\s?d/.test(await fact("Logs", "Kept for")));
    await until("the rate is known", async () => /[1-9].*\/s samples/.test(await fact("Metrics", "Coming in")));
    await page.getByRole("row", { name: /^orchard/ }).getByRole("link").click();
    await page.waitForURL(/\/services\/orchard/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("keeps the theme, the density and the zone in this browser", async () => {
    const { page, context, complaints } = await open("/settings?tab=appearance", { colorScheme: "light", timezoneId: "Europe/Berlin" });
    await page.getByText("as this browser").waitFor();
    await page.getByRole("group", { name: "Theme" }).getByText("Dark").click();
    await page.getByRole("group", { name: "Rows of tables" }).getByText("Comfortable").click();
    await page.getByRole("button", { name: "Change" }).click();
    await page.keyboard.type("tokyo");
    await page.keyboard.press("Enter");
    await page.getByText(/^Asia\/Tokyo/).waitFor();
    await page.goto(`${server.url}/settings`);
    const created = page.getByRole("row", { name: /first key/ }).locator("time").first();
    await created.waitFor();
    const moment = await created.getAttribute("datetime");
    const hour = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Tokyo", hour: "2-digit", hourCycle: "h23" }).format(new Date(moment));
    assert.equal((await created.textContent()).slice(11, 13), hour);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme), "dark");
    assert.ok((await page.getByRole("row", { name: /first key/ }).boundingBox()).height > 34);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("fits a phone", async () => {
    const { page, context, complaints } = await open("/settings?tab=usage", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await page.getByRole("row", { name: /orchard/ }).waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  // The last one: nobody knows the old password afterwards.
  it("changes the password", async () => {
    const { page, context } = await openPage(browser, server.url);
    await page.goto(`${server.url}/login?next=${encodeURIComponent("/settings?tab=account")}`);
    await logIn(page, server.bootstrap);
    await page.getByLabel("Current password").fill("wrong");
    await page.getByLabel("New password", { exact: true }).fill("a new password");
    await page.getByLabel("New password again").fill("a new passwort");
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByText("Not the same").waitFor();
    await page.getByLabel("New password again").fill("a new password");
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Current password").fill(server.bootstrap.admin_password);
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByText("The password is changed").waitFor();
    await page.reload();
    await page.getByText(server.bootstrap.admin_email).first().waitFor();
    await context.close();
  });
});
