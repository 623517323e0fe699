// Fails when the first page weighs more than its budget on the wire. What the first page loads
// is index.html with what it names, the scripts and styles of the entry (login is in it), and the
// Overview, each with all that it imports at once, as Vite's manifest says. Other pages, and what
// is loaded only when it is opened, don't count.
import { existsSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const budget = 300 * 1024;
const dist = new URL("../dist", import.meta.url).pathname;
const manifest = JSON.parse(await readFile(join(dist, ".vite", "manifest.json"), "utf8"));
// It was for this script alone; everything in dist/ goes into the binary.
await rm(join(dist, ".vite"), { recursive: true });

const files = new Set(["index.html", "theme.js", "favicon.svg"]);
const seen = new Set();

function add(key) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`Vite's manifest has no ${key}`);
  if (seen.has(key)) return;
  seen.add(key);
  files.add(chunk.file);
  for (const name of [...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(name);
  for (const name of chunk.imports ?? []) add(name);
}

async function wireSize(path) {
  const { size } = await stat(existsSync(`${path}.br`) ? `${path}.br` : path);
  return size;
}

const list = (names) => Promise.all([...names].map(async (name) => ({ name, size: await wireSize(join(dist, name)) })));
const kib = (size) => `${(size / 1024).toFixed(1).padStart(8)} KiB`;

for (const key of ["index.html", "src/overview/OverviewPage.tsx"]) add(key);
const first = await list(files);
const all = await list(new Set(Object.values(manifest).flatMap(({ file, css = [] }) => [file, ...css])));
const later = all.filter(({ name }) => !files.has(name)).toSorted((a, b) => b.size - a.size);

console.log("First page, brotli:");
for (const { name, size } of first) console.log(`${kib(size)}  ${name}`);
const total = first.reduce((sum, { size }) => sum + size, 0);
console.log(`${kib(total)}  in all; the budget is ${budget / 1024} KiB`);
console.log("Later, when it is opened:");
for (const { name, size } of later.slice(0, 20)) console.log(`${kib(size)}  ${name}`);

if (total > budget) {
  console.error("The first page is over its budget.");
  process.exitCode = 1;
}
