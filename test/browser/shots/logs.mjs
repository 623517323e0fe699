// Pictures of the Logs page.

async function ready(page) {
  await page.locator("[role=row][data-id]").first().waitFor();
  await page.locator("[data-bars]").waitFor();
  await page.waitForTimeout(1500);
}

async function openLine(page) {
  await ready(page);
  await page.locator("[role=row][data-id]").nth(3).click();
  await page.locator("[data-details]").waitFor();
  await page.waitForTimeout(500);
}

export const shots = [
  { name: "logs", path: "/logs?from=now-15m&to=now", ready, viewport: { width: 1440, height: 900 } },
  { name: "logs-line", path: "/logs?from=now-15m&to=now&query=level:error", ready: openLine, viewport: { width: 1440, height: 900 } },
  { name: "logs-phone", path: "/logs?from=now-15m&to=now", ready, viewport: { width: 390, height: 844 } },
];
