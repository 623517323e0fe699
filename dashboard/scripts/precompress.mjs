// Writes .br and .gz beside every file of the build that gets smaller by it. The server picks
// by Accept-Encoding and never compresses by itself.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = new URL("../dist", import.meta.url).pathname;
const compressible = new Set([".html", ".js", ".css", ".svg", ".json"]);

for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || entry.name === "placeholder.html" || !compressible.has(extname(path))) continue;
  const body = await readFile(path);
  const variants = {
    ".br": brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
    ".gz": gzipSync(body, { level: 9 }),
  };
  for (const [suffix, compressed] of Object.entries(variants)) {
    if (compressed.length < body.length) await writeFile(path + suffix, compressed);
  }
}
