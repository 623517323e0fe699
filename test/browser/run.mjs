// Runs the browser tests: `npm run test:browser`, with files to run only those. A browser on a busy
// machine stumbles at times: a file that fails is run once more, and what fails twice has failed.
// What passed only then is named at the end, because it is a fault of the test or of the page.
import { readdir } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { run } from "node:test";
import { tap } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

async function allFiles() {
  return (await readdir(folder)).filter((name) => name.endsWith(".test.mjs")).toSorted().map((name) => resolve(folder, name));
}

/** runFiles runs files one after the other and returns those with a failure. */
async function runFiles(files) {
  const failed = new Set();
  for (const file of files) {
    const events = run({ files: [file], concurrency: 1 });
    events.on("test:fail", () => failed.add(file));
    for await (const line of events.compose(tap)) process.stdout.write(line);
  }
  return [...failed];
}

const files = process.argv.length > 2 ? process.argv.slice(2).map((name) => resolve(name)) : await allFiles();
const first = await runFiles(files);
const second = first.length > 0 ? await runFiles(first) : [];
for (const file of first) {
  const outcome = second.includes(file) ? "failed twice" : "passed only the second time";
  console.log(`# ${relative(folder, file)} ${outcome}`);
}
process.exitCode = second.length > 0 ? 1 : 0;
