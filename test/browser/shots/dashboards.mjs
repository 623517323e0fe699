// Pictures of dashboards.
import { chartState } from "../browser.mjs";
import { until } from "../server.mjs";

const drawn = (page, name) => until(`${name} is drawn`, async () => (await chartState(page, name)).colourful > 50);

async function list(page) {
  await page.getByRole("table", { name: "Dashboards" }).waitFor();
}

async function host(page) {
  await drawn(page, "CPU by mode");
  await until("nothing waits", async () => (await page.locator("[data-panel] [role=status]").count()) === 0);
  await page.waitForTimeout(1500);
}

/** phone has less in sight: panels ask once somebody sees them. */
async function phone(page) {
  await page.locator("[data-panel]").first().getByText(/\d/).first().waitFor();
  await until("nothing waits", async () => (await page.locator("[data-panel] [role=status]").count()) === 0);
  await page.waitForTimeout(1500);
}

/** edit copies a ready dashboard and opens the editor of one of its panels. */
async function edit(page) {
  await page.getByRole("button", { name: "Duplicate to edit" }).click();
  await page.locator(".react-resizable-handle").first().waitFor();
  await drawn(page, "CPU by mode");
  await page.getByRole("button", { name: "Menu of CPU by mode" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const preview = page.getByRole("region", { name: "Preview" });
  await preview.locator("canvas").waitFor();
  await page.getByRole("dialog").getByRole("textbox", { name: "Query" }).waitFor();
  await page.waitForTimeout(2500);
}

const one = "/dashboards/pharos-host?from=now-1h&to=now&var-host=node-2";
const desk = { width: 1440, height: 1000 };

export const shots = [
  { name: "dashboards", path: "/dashboards", ready: list, viewport: { width: 1440, height: 560 } },
  { name: "dashboard", path: one, ready: host, viewport: desk },
  { name: "dashboard-edit", path: one, ready: edit, viewport: desk },
  { name: "dashboard-phone", path: one, ready: phone, viewport: { width: 390, height: 844 } },
];
