// Pictures of the Overview.
import { hostname } from "node:os";

import { chartState } from "../browser.mjs";
import { until } from "../server.mjs";

async function ready(page) {
  await page.locator('[data-chart="CPU"] canvas').waitFor();
  await until("the charts are drawn", async () => (await chartState(page, "CPU")).colourful > 50);
  await page.waitForTimeout(3000);
}

export const shots = [
  { name: "overview", path: `/?host=${encodeURIComponent(hostname())}`, ready, viewport: { width: 1440, height: 1000 } },
  { name: "overview-phone", path: `/?host=${encodeURIComponent(hostname())}`, ready, viewport: { width: 390, height: 844 } },
];
