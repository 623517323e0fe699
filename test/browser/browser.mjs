// Headless Chromium, and pages that remember every complaint.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../dashboard/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/**
 * openPage opens a page in a session of its own. `complaints` are its console errors and
 * warnings, uncaught errors, and requests to other hosts.
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.stack ?? error}`));
  page.on("request", (request) => {
    const target = new URL(request.url());
    if (!["data:", "blob:"].includes(target.protocol) && target.origin !== new URL(url).origin) complaints.push(`another host: ${request.url()}`);
  });
  return { page, context, complaints };
}

export async function logIn(page, { admin_email: email, admin_password: password }) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** chartState is what a chart shows: how many points, the time of the last, and its pixels. */
export function chartState(page, label) {
  return page.locator(`[data-chart="${label}"]`).evaluate((chart) => {
    const canvas = chart.querySelector("canvas");
    // Read from a copy: reading the chart's own canvas would make it slow, and the browser says so.
    const copy = canvas && new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy?.drawImage(canvas, 0, 0);
    const pixels = copy ? copy.getImageData(0, 0, canvas.width, canvas.height).data : [];
    let colourful = 0;
    let sum = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      const [r, g, b, a] = [pixels[i], pixels[i + 1], pixels[i + 2], pixels[i + 3]];
      if (a > 100 && Math.max(r, g, b) - Math.min(r, g, b) > 40) colourful += 1;
      sum = (sum * 31 + r + g * 3 + b * 7 + a) % 2147483647;
    }
    return { points: Number(chart.dataset.points), lastTime: Number(chart.dataset.lastTime), colourful, sum, summary: chart.querySelector("[role=img]").ariaLabel };
  });
}
