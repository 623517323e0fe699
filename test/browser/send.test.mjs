// Send data, against the real program: a key, snippets that work, and the first data arriving.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

import { checkAccessibility } from "./axe.mjs";
import { launch, logIn, openPage } from "./browser.mjs";
import { Server, until } from "./server.mjs";

const run = promisify(execFile);

/** has says whether a program is on this machine. */
const has = (program) => run("sh", ["-c", `command -v ${program}`]).then(() => true, () => false);

describe("send", () => {
  let server;
  let browser;
  let session;
  let folder;

  before(async () => {
    [server, browser, folder] = await Promise.all([Server.start(), launch(), mkdtemp(join(tmpdir(), "pharos-snippets-"))]);
    const { page, context } = await openPage(browser, server.url);
    await page.goto(`${server.url}/login`);
    await logIn(page, server.bootstrap);
    await page.waitForURL(`${server.url}/`);
    session = await context.storageState();
    await context.close();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function open(path, options = {}) {
    const opened = await openPage(browser, server.url, { storageState: session, ...options });
    await opened.page.goto(server.url + path);
    await opened.page.getByRole("tab", { name: "curl" }).waitFor();
    return opened;
  }

  /** steps reads the snippets of a tab, with their files. */
  async function steps(page, tab) {
    await page.getByRole("tab", { name: tab, exact: true }).click();
    await page.getByRole("tab", { name: tab, exact: true, selected: true }).waitFor();
    return page.locator("[role=tabpanel] pre").allTextContents();
  }

  for (const colorScheme of ["light", "dark"]) {
    it(`makes a key, takes what the curl snippets send with it, and shows it, in ${colorScheme}`, async () => {
      const service = `apples-${colorScheme}`;
      const { page, context, complaints } = await open(`/send?service=${service}`, { colorScheme });
      await page.getByText(`Waiting for the first of ${service}`).first().waitFor();
      await checkAccessibility(page);
      assert.ok((await steps(page, "curl"))[0].includes("YOUR_API_KEY"));
      await page.getByRole("button", { name: "Create a key" }).click();
      await page.getByText("It is shown only now").waitFor();

      for (const command of await steps(page, "curl")) {
        assert.ok(command.startsWith(`curl ${server.url}/v1/ingest/`), command);
        assert.deepEqual(JSON.parse((await run("bash", ["-c", command])).stdout), { accepted: 1, rejected: [] });
      }
      const samples = page.getByRole("region", { name: "Samples" });
      await samples.getByText("hello_greetings_total").waitFor();
      await page.getByRole("region", { name: "Log lines" }).getByText("Hello, Pharos").waitFor();
      await page.getByText("Both have arrived").waitFor();
      await checkAccessibility(page);
      await samples.getByRole("link").click();
      await page.waitForURL(/\/metrics\?q=hello_greetings_total/);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("has snippets that their languages understand", async () => {
    const { page, context, complaints } = await open("/send?service=pears");
    const file = async (name, text) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const checks = [
      ["Go", 0, "main.go", "gofmt", (path) => ["-e", "-l", path]],
      ["Python", 1, "hello.py", "python3", (path) => ["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", path]],
      ["Node.js", 1, "hello.mjs", "node", (path) => ["--check", path]],
      ["Java", 1, "Hello.java", "javac", (path) => ["-d", folder, path]],
      ...["OTel Collector", "Host", "Prometheus"].map((tab) => [tab, 0, `${tab}.yaml`, "python3", (path) => ["-c", "import sys\ntry:\n  import yaml\nexcept ImportError:\n  sys.exit(0)\nassert isinstance(yaml.safe_load(open(sys.argv[1])), dict)", path]]),
    ];
    assert.equal((await steps(page, "Agent"))[1], `echo YOUR_API_KEY | sudo pharos-agent install --url ${server.url} --key-file -`);
    const missing = [];
    for (const [tab, index, name, program, args] of checks) {
      const text = (await steps(page, tab))[index];
      assert.ok(text.length > 100, `${tab} has a snippet`);
      const path = await file(name, text);
      if (!(await has(program))) missing.push(program);
      else assert.equal((await run(program, args(path))).stdout, "", `${program} takes it without a word`);
    }
    for (const tab of ["Go", "Python", "Node.js", "Java", "OTel Collector", "Host", "Prometheus"]) {
      for (const command of (await steps(page, tab)).filter((text) => text.startsWith("export ") || text.startsWith("curl "))) await run("bash", ["-n", "-c", command]);
    }
    if (missing.length > 0) console.log(`not checked, because they aren't here: ${missing.join(", ")}`);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("has a Java program that runs as it is", async (t) => {
    if (!(await has("java"))) return t.skip("there is no java here");
    const { page, context, complaints } = await open("/send?service=plums");
    await page.getByLabel("API key").fill(server.bootstrap.api_key);
    const [, program] = await steps(page, "Java");
    const path = join(folder, "Hello.java");
    await writeFile(path, program);
    const { stdout } = await run("java", [path]);
    assert.equal(stdout.match(/"accepted":1/g)?.length, 2, stdout);
    await page.getByText("Both have arrived").waitFor();
    assert.deepEqual(complaints, []);
    return context.close();
  });

  it("finds what a Prometheus writes by its job, and keeps what is typed in the address", async () => {
    const { page, context, complaints } = await open("/send");
    const field = page.getByLabel("Service name");
    await field.fill("my shop!");
    assert.equal(await field.inputValue(), "my-shop-");
    await page.waitForURL(/service=my-shop-/);
    await page.getByText("Waiting for the first of my-shop-").first().waitFor();
    await page.getByRole("tab", { name: "curl" }).focus();
    await page.keyboard.press("End");
    await page.waitForURL(/way=prometheus/);
    assert.ok((await page.locator("[role=tabpanel] pre").first().textContent()).includes(`url: ${server.url}/api/v1/write`));
    await page.keyboard.press("Home");
    await page.waitForURL((url) => !url.searchParams.has("way"));
    // Two metrics with the same labels.
    const sample = (metric_name, value) => ({ time: new Date().toISOString(), service: "my-shop-", metric_name, value });
    await server.send("metrics", [sample("visits_total", 7), sample("visitors", 3)]);
    for (const name of ["visits_total", "visitors"]) await page.getByRole("region", { name: "Samples" }).getByText(name, { exact: true }).waitFor();
    await page.getByRole("region", { name: "Samples" }).getByText(/^newest \d\d:/).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("copies a snippet", async () => {
    const { page, context, complaints } = await open("/send", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("button", { name: "Copy: A log line" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    await until("it is the whole snippet", async () => copied.includes(`${server.url}/v1/ingest/logs`) && copied.endsWith("}'"));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("fits a phone", async () => {
    const { page, context, complaints } = await open("/send?way=host", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await page.getByText("host.yaml", { exact: true }).waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
