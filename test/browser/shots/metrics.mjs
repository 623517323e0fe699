// Pictures of Metrics.
import { chartState } from "../browser.mjs";
import { until } from "../server.mjs";

async function ready(page) {
  await page.locator('[data-chart="Queries"] canvas').waitFor();
  await until("the chart is drawn", async () => (await chartState(page, "Queries")).colourful > 50);
  await page.waitForTimeout(1000);
}

async function listed(page) {
  await page.getByRole("button", { name: /^system_cpu_time_seconds_total/ }).waitFor();
  await page.waitForTimeout(2000);
}

const address = (params) => `/metrics?${new URLSearchParams(params)}`;

const queries = {
  q: "sum by (service) (rate(http_server_request_duration_seconds_count[$__rate_interval]))",
  build: "1",
  from: "now-3h",
  to: "now",
};

export const shots = [
  { name: "metrics", path: address(queries), ready, viewport: { width: 1440, height: 1000 } },
  { name: "metrics-browse", path: address({ find: "system" }), ready: listed, viewport: { width: 1440, height: 900 } },
  { name: "metrics-phone", path: address({ q: queries.q, from: queries.from, to: queries.to }), ready, viewport: { width: 390, height: 844 } },
];
