// What the pages of hosts say of agents, against the real program: one that is well, one with a
// part that fails, one that reports no more, and a host without an agent.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { checkAccessibility } from "./axe.mjs";
import { launch, logIn, openPage } from "./browser.mjs";
import { agentSamples, hostSamples, over, report, send } from "./fleet.mjs";
import { Server, until } from "./server.mjs";

const denied = "Failed to open file: permission denied (/var/log/nginx/access.log)";
const well = { name: "alpha" };
const ill = { name: "beta", version: "1.5.0", failing: { "file_log/nginx": denied } };
const quiet = { name: "gamma" };
const bare = { name: "delta" };

describe("agents", () => {
  let server;
  let browser;
  let state;
  let stop;

  before(async () => {
    [server, browser] = await Promise.all([Server.start(), launch()]);
    await send(server, "metrics", over(3 * 3600 + 600, 3 * 3600, (time) => [...hostSamples(quiet, time), ...agentSamples(quiet, time)]));
    stop = await report(server, { hosts: [well, ill, bare], agents: [well, ill] });
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
  const badge = (page, name, word) => row(page, name).getByRole("link", { name: new RegExp(`^${word}:`) });

  for (const colorScheme of ["light", "dark"]) {
    it(`tell in the list how they are, and why, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/hosts?from=now-15m&to=now", { colorScheme });
      await badge(page, "beta", "unhealthy").waitFor();
      await badge(page, "gamma", "silent").waitFor();
      assert.match(await row(page, "alpha").textContent(), /1\.4\.0/);
      assert.match(await row(page, "beta").textContent(), /1\.5\.0/);
      assert.match((await row(page, "gamma").textContent()).replaceAll("\u2009", " "), /3 h ago/, "it stopped before the range, and stays");
      assert.equal(await row(page, "alpha").getByRole("link").count(), 1, "who is well has no badge");
      assert.equal(await row(page, "delta").getByRole("link").count(), 1, "nor has who has no agent");

      await badge(page, "beta", "unhealthy").focus();
      await page.getByRole("tooltip").getByText(`file_log/nginx: ${denied}`).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Agent" }).focus();
      await badge(page, "gamma", "silent").hover();
      await page.getByRole("tooltip").getByText("The agent reports no more.").waitFor();
      await checkAccessibility(page);

      await page.getByRole("button", { name: "Agent" }).click();
      await page.waitForURL(/sort=agent/);
      const names = async () => (await list(page).getByRole("rowheader").allTextContents()).slice(0, 3).map((text) => text.replace(/unhealthy|silent/, ""));
      await until("trouble comes first", async () => (await names()).join() === "beta,gamma,alpha");
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it(`tell on a host's page what they take and which part fails, in ${colorScheme}`, async () => {
      const { page, context, complaints } = await open("/hosts?from=now-15m&to=now", { colorScheme });
      await badge(page, "beta", "unhealthy").click();
      await page.waitForURL(/\/hosts\/beta.*#agent/);
      await page.getByText(/^Unhealthy, last seen/).waitFor();
      await page.getByRole("list", { name: "Why beta is unhealthy" }).getByText(`file_log/nginx: ${denied}`).waitFor();
      const agent = page.getByRole("region", { name: "Agent" }).last();
      await agent.getByText("pharos-agent 1.5.0").waitFor();
      assert.match((await agent.textContent()).replaceAll("\u2009", " "), /CPU0\.1 %.*Memory20\.0 MiB.*Configuration5f3a01bc/);
      const table = (name) => agent.getByRole("table", { name });
      assert.match((await table("What waits for the server").textContent()).replaceAll("\u2009", " "), /metrics120\s?87\.9 KiB4 s/);
      assert.match(await table("Parts of the agent").getByRole("row").nth(1).textContent(), /^file_log\/nginxreceiverfailsFailed to open file/, "what fails comes first");
      assert.match((await table("Plugins of the agent").textContent()).replaceAll("\u2009", " "), /plugin\/orders-dbrunning2016\.2 MiB/);
      await checkAccessibility(page);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("say how to get one", async () => {
    const { page, context, complaints } = await open("/hosts/delta?from=now-15m&to=now#agent");
    await page.getByText("No agent reports from this host").waitFor();
    await page.getByText(`sudo pharos-agent install --url ${server.url}`).waitFor();
    await page.goto(`${server.url}/hosts?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`);
    await page.getByText("No host reported in this time range").waitFor();
    await page.getByText(`sudo pharos-agent install --url ${server.url}`).waitFor();
    await checkAccessibility(page);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("fit a phone", async () => {
    const { page, context, complaints } = await open("/hosts?from=now-15m&to=now", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await badge(page, "beta", "unhealthy").tap();
    await page.waitForURL(/\/hosts\/beta/);
    const agent = page.getByRole("region", { name: "Agent" }).last();
    await agent.getByRole("table", { name: "Parts of the agent" }).waitFor();
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok((await width()) <= 390, `the page is ${await width()} px wide`);
    await page.goto(`${server.url}/hosts/delta?from=now-15m&to=now`);
    await page.getByText("No agent reports from this host").waitFor();
    assert.ok((await width()) <= 390, `the page without an agent is ${await width()} px wide`);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
