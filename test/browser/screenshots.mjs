// Makes the pictures of docs/images: `npm run screenshots` in dashboard/. Each file of shots/ lists
// some: { name, path, ready(page, server), viewport? }; each is taken in light and dark. To take
// only a few, name them: `npm run screenshots -- logs hosts`. With PHAROS_URL, and in
// PHAROS_BOOTSTRAP the path of its bootstrap.json, they are taken from a server that runs already.
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { launch, logIn, openPage } from "./browser.mjs";
import { Server } from "./server.mjs";

const images = process.env.IMAGES ?? fileURLToPath(new URL("../../docs/images/", import.meta.url));
const wanted = process.argv.slice(2);
/** How long the server runs before its picture is taken, so that there is something to see. */
const warmUp = Number(process.env.WARM_UP_SECONDS ?? 280) * 1000;

/** traffic fills the server with the past of a small shop, and goes on until it is told to stop. */
function traffic(server) {
  const script = fileURLToPath(new URL("../../scripts/seed-data.sh", import.meta.url));
  const flags = ["--url", server.url, "--api-key", server.bootstrap.api_key, "--duration", "6h", "--follow"];
  // A group of its own: the script runs another program, which must end with it.
  const child = spawn(script, flags, { stdio: ["ignore", "ignore", "inherit"], detached: true });
  return () => process.kill(-child.pid);
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
