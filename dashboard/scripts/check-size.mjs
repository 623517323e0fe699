// Fails when the first page weighs more than its budget on the wire. What the first page loads
// is index.html, everything it names, and what the scripts among those import, whether at once
// or when the Overview opens: all of it, but for chunks listed in `later`.
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

const budget = 300 * 1024;
const dist = new URL("../dist", import.meta.url).pathname;
// Chunks that the first page doesn't load, by the start of their names.
const later = [];

async function wireSize(path) {
  const { size } = await stat(existsSync(`${path}.br`) ? `${path}.br` : path);
  return size;
}

const names = ["index.html", "theme.js", "favicon.svg"];
for (const name of await readdir(join(dist, "assets"))) {
  const compressed = name.endsWith(".br") || name.endsWith(".gz");
  if (!compressed && !later.some((start) => name.startsWith(start))) names.push(`assets/${name}`);
}
await readFile(join(dist, "index.html"));

let total = 0;
for (const name of names) {
  const size = await wireSize(join(dist, name));
  total += size;
  console.log(`${(size / 1024).toFixed(1).padStart(8)} KiB  ${name}`);
}
console.log(`${(total / 1024).toFixed(1).padStart(8)} KiB  first page, brotli; the budget is ${budget / 1024} KiB`);
if (total > budget) {
  console.error("The first page is over its budget.");
  process.exitCode = 1;
}
