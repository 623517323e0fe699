// Pictures of the list of hosts, and of one host.
import { chartState } from "../browser.mjs";
import { until } from "../server.mjs";

async function list(page) {
  await page.getByRole("table", { name: "Hosts" }).waitFor();
  await until("lines are drawn", async () => (await page.locator('[data-spark="drawn"] path').count()) > 1);
  await page.waitForTimeout(500);
}

/** one opens the first host of a sorted list: a database of the seeded shop, or this machine. */
async function one(page) {
  await list(page);
  await page.getByRole("table", { name: "Hosts" }).getByRole("rowheader").first().getByRole("link").first().click();
  for (const label of ["CPU by mode", "Memory"]) await until(`${label} is drawn`, async () => (await chartState(page, label)).colourful > 50);
  await page.waitForTimeout(1500);
}

/** agent shows the section of an agent that is not well. */
async function agent(page) {
  await page.getByRole("table", { name: "Parts of the agent" }).waitFor();
  await page.waitForTimeout(1500);
  await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name: "Agent" }).click();
  await page.waitForTimeout(1500);
}

const large = { width: 1440, height: 1000 };
const phone = { width: 390, height: 844 };

export const shots = [
  { name: "hosts", path: "/hosts?from=now-1h&to=now", ready: list },
  { name: "host", path: "/hosts?from=now-1h&to=now&sort=-disk", ready: one, viewport: large },
  { name: "host-agent", path: "/hosts/edge-1?from=now-1h&to=now", ready: agent },
  { name: "host-phone", path: "/hosts?from=now-1h&to=now&sort=-disk", ready: one, viewport: phone },
];
