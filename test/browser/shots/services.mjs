// Pictures of the list of services, and of the one that answers most requests with failures.
import { chartState } from "../browser.mjs";
import { until } from "../server.mjs";

async function list(page) {
  await page.getByRole("table", { name: "Services" }).waitFor();
  await until("lines are drawn", async () => (await page.locator('[data-spark="drawn"] path').count()) > 0);
  await page.waitForTimeout(500);
}

async function one(page) {
  await list(page);
  await page.getByRole("table", { name: "Services" }).getByRole("rowheader").first().getByRole("link").click();
  await page.getByRole("navigation", { name: "Sections" }).waitFor();
  await until("a chart is drawn", async () => (await chartState(page, (await page.locator("[data-chart]").first().getAttribute("data-chart")) ?? "")).colourful > 50);
  await page.waitForTimeout(1500);
}

export const shots = [
  { name: "services", path: "/services?from=now-1h&to=now", ready: list },
  { name: "service", path: "/services?from=now-1h&to=now&sort=-logErrors", ready: one, viewport: { width: 1440, height: 1000 } },
];
