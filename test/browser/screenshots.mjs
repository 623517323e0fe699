// Makes the pictures of docs/images: `npm run screenshots` in dashboard/. Each file of shots/ lists
// some: { name, path, ready(page, server), viewport? }; each is taken in light and dark. To take
// only a few, name them: `npm run screenshots -- logs hosts`. With PHAROS_URL, and in
// PHAROS_BOOTSTRAP the path of its bootstrap.json, they are taken from a server that runs already.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { launch, logIn, openPage } from "./browser.mjs";
import { Server } from "./server.mjs";

const images = process.env.IMAGES ?? fileURLToPath(new URL("../../docs/images/", import.meta.url));
const wanted = process.argv.slice(2);
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

/** start runs a server with traffic for a while, or takes the one that is named. */
async function start() {
  const { PHAROS_URL: url, PHAROS_BOOTSTRAP: bootstrap } = process.env;
  if (url && bootstrap) return { server: { url, bootstrap: JSON.parse(await readFile(bootstrap, "utf8")) }, end: () => undefined };
  const server = await Server.start();
  const stop = traffic(server);
  await new Promise((resolve) => setTimeout(resolve, warmUp));
  return {
    server,
    end: () => {
      stop();
      return server.stop();
    },
  };
}

/** listShots gathers the shots of all pages whose names begin with a wanted one. */
async function listShots() {
  const folder = new URL("shots/", import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".mjs")).toSorted();
  const modules = await Promise.all(files.map((name) => import(new URL(name, folder).href)));
  const shots = modules.flatMap((module) => module.shots);
  return wanted.length === 0 ? shots : shots.filter(({ name }) => wanted.some((start) => name.startsWith(start)));
}

/** session logs in once for all pictures. */
async function session(browser, server) {
  const { page, context } = await openPage(browser, server.url);
  await page.goto(`${server.url}/login`);
  await logIn(page, server.bootstrap);
  await page.waitForURL((url) => url.pathname !== "/login");
  const state = await context.storageState();
  await context.close();
  return state;
}

async function take(browser, server, storageState, { name, path, ready, viewport = { width: 1440, height: 900 } }, colorScheme) {
  const { page, context, complaints } = await openPage(browser, server.url, { colorScheme, viewport, storageState });
  try {
    await page.goto(server.url + path);
    await ready(page, server);
    await page.screenshot({ path: `${images}/${name}-${colorScheme}.png` });
    console.log(`${name}-${colorScheme}.png`);
    if (complaints.length > 0) throw new Error(`${name}, ${colorScheme}: ${complaints.join("\n")}`);
  } finally {
    await context.close();
  }
}

const shots = await listShots();
const [{ server, end }, browser] = await Promise.all([start(), launch()]);
try {
  await mkdir(images, { recursive: true });
  const state = await session(browser, server);
  for (const shot of shots) {
    for (const colorScheme of ["light", "dark"]) await take(browser, server, state, shot, colorScheme);
  }
} finally {
  await browser.close();
  await end();
}
