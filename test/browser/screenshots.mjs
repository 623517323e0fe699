// Makes the pictures of docs/images: `npm run screenshots` in dashboard/.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { chartState, launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

const images = fileURLToPath(new URL("../../docs/images/", import.meta.url));
/** How long the server runs before its picture is taken, so that there is something to see. */
const warmUp = Number(process.env.WARM_UP_SECONDS ?? 280) * 1000;

const services = ["checkout", "cart", "payments", "inventory"];
const messages = [
  ["info", "GET /api/cart 200 in 12 ms"],
  ["info", "order placed, 3 items, 2 parcels"],
  ["info", "stock level of 38 articles updated"],
  ["warn", "payment provider answered 503, attempt 2 of 5"],
  ["error", "connection refused: dial tcp 10.2.0.14:5432"],
  ["debug", "cache hit ratio 0.93"],
];

/** traffic sends some samples and log lines every quarter of a second until it is told to stop. */
function traffic(server) {
  let n = 0;
  const timer = setInterval(() => {
    n += 1;
    const wave = 1 + Math.sin(n / 40);
    const time = new Date().toISOString();
    const samples = Array.from({ length: Math.round(40 + 30 * wave) }, (_, i) => ({ time, service: services[i % 4], metric_name: "requests_total", value: n * (i + 1), labels: { route: `/r/${i}` } }));
    const lines = Array.from({ length: Math.round(1 + wave) }, (_, i) => {
      const [level, message] = messages[(n * 7 + i * 3 + (n % 5)) % messages.length];
      return { time, service: services[(n + i) % 4], level, message };
    });
    Promise.all([server.send("metrics", samples), server.send("logs", lines)]).catch((error) => console.error(error.message));
  }, 250);
  return () => clearInterval(timer);
}

const [server, browser] = await Promise.all([Server.start(), launch()]);
const stop = traffic(server);
try {
  await mkdir(images, { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, warmUp));
  const shots = [
    ["overview-light", { colorScheme: "light", viewport: { width: 1440, height: 1000 } }],
    ["overview-dark", { colorScheme: "dark", viewport: { width: 1440, height: 1000 } }],
    ["overview-phone-light", { colorScheme: "light", viewport: { width: 390, height: 844 } }],
    ["overview-phone-dark", { colorScheme: "dark", viewport: { width: 390, height: 844 } }],
  ];
  for (const [name, options] of shots) {
    const { page, context, complaints } = await openPage(browser, server.url, options);
    await page.goto(server.url);
    await logIn(page, server.bootstrap);
    await page.locator('[data-chart="CPU"] canvas').waitFor();
    await until("the charts are drawn", async () => (await chartState(page, "CPU")).colourful > 50);
    await page.waitForTimeout(3000);
    await page.screenshot({ path: `${images}${name}.png` });
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    await context.close();
  }
} finally {
  stop();
  await browser.close();
  await server.stop();
}
