// Empties dist/ but for placeholder.html, which is in the repository.
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const dist = new URL("../dist", import.meta.url).pathname;
await mkdir(dist, { recursive: true });
for (const name of await readdir(dist)) {
  if (name !== "placeholder.html") await rm(join(dist, name), { recursive: true });
}
