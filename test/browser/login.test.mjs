// Getting in and out, against the real program.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { launch, logIn, openPage } from "./browser.mjs";
import { Server } from "./server.mjs";

describe("login", () => {
  let server;
  let browser;

  before(async () => {
    [server, browser] = await Promise.all([Server.start(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const overview = (page) => page.getByRole("heading", { name: "CPU" });

  it("leads a visitor to the page that was asked for", async () => {
    const { page, context, complaints } = await openPage(browser, server.url);
    await page.goto(`${server.url}/?from=now-5m&to=now`);
    await page.waitForURL(/\/login\?next=/);
    await logIn(page, server.bootstrap);
    await overview(page).waitFor();
    assert.equal(page.url(), `${server.url}/?from=now-5m&to=now`);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("refuses a wrong password, and says so", async () => {
    const { page, context, complaints } = await openPage(browser, server.url);
    await page.goto(`${server.url}/login`);
    await logIn(page, { ...server.bootstrap, admin_password: "not the password" });
    await page.getByText("Email or password is wrong.").waitFor();
    assert.equal(new URL(page.url()).pathname, "/login");
    // The browser itself notes every 401; nothing else may be there.
    assert.equal(complaints.filter((text) => !text.includes("401 (Unauthorized)")).length, 0, complaints.join("\n"));
    await context.close();
  });

  it("keeps the session in cookies that scripts can't read", async () => {
    const { page, context } = await openPage(browser, server.url);
    await page.goto(`${server.url}/login`);
    await logIn(page, server.bootstrap);
    await overview(page).waitFor();
    const cookies = await context.cookies();
    assert.ok(cookies.length >= 2);
    assert.ok(cookies.every((cookie) => cookie.httpOnly && cookie.sameSite !== "None"), JSON.stringify(cookies));
    assert.equal(await page.evaluate(() => document.cookie), "");

    await page.reload();
    await overview(page).waitFor();
    await context.close();
  });

  it("renews a session whose access cookie has run out", async () => {
    const { page, context, complaints } = await openPage(browser, server.url);
    await page.goto(`${server.url}/login`);
    await logIn(page, server.bootstrap);
    await overview(page).waitFor();
    const before = await context.cookies();
    const access = before.find((cookie) => cookie.path === "/");
    await context.clearCookies({ name: access.name });
    await page.evaluate(() => localStorage.setItem("pharos.session.until", "1"));
    await page.reload();
    await overview(page).waitFor();
    const renewed = (await context.cookies()).find((cookie) => cookie.name === access.name);
    assert.ok(renewed);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("takes a one-time link, once, and leaves no trace of it", async () => {
    const link = await server.link();
    const first = await openPage(browser, server.url);
    await first.page.goto(link);
    await overview(first.page).waitFor();
    assert.equal(first.page.url(), `${server.url}/`);
    assert.deepEqual(first.complaints, []);
    await first.context.close();

    const second = await openPage(browser, server.url);
    await second.page.goto(link);
    await second.page.getByText("pharos admin login-link").waitFor();
    await second.page.waitForURL(`${server.url}/login`);
    await second.context.close();
  });

  it("ends by logging out", async () => {
    const { page, context, complaints } = await openPage(browser, server.url);
    await page.goto(`${server.url}/login`);
    await logIn(page, server.bootstrap);
    await overview(page).waitFor();
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByText(server.bootstrap.admin_email).waitFor();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.waitForURL("**/login");
    await page.goto(`${server.url}/`);
    await page.waitForURL(/\/login/);
    assert.deepEqual(complaints, []);
    assert.deepEqual(await context.cookies(), []);
    await context.close();
  });
});
