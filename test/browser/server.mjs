// Starts the real program on free ports and a data folder of its own.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const binary = process.env.PHAROS_BIN ?? fileURLToPath(new URL("../../bin/pharos", import.meta.url));
const patience = 60_000;

/** freePorts asks the system for ports, holding all of them until it has enough. */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => new Promise((resolve, reject) => {
      const server = createServer().once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    })),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function until(what, check, milliseconds = patience) {
  const end = Date.now() + milliseconds;
  let last;
  while (Date.now() < end) {
    try {
      const value = await check();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${milliseconds} ms`, { cause: last });
}

export class Server {
  /** start runs `pharos up` and waits until it is healthy. */
  static async start() {
    const server = new Server();
    server.dir = await mkdtemp(join(tmpdir(), "pharos-browser-"));
    server.ports = await freePorts(4);
    server.url = `http://127.0.0.1:${server.ports[0]}`;
    await server.run();
    server.bootstrap = JSON.parse(await readFile(join(server.dir, "data", "bootstrap.json"), "utf8"));
    return server;
  }

  /** run starts the process; again after kill, on the same data and the same ports. */
  async run() {
    const [http, grpc, otlp, ops] = this.ports.map((port) => `127.0.0.1:${port}`);
    const flags = ["up", "--data-dir", join(this.dir, "data"), "--http", http, "--otlp-grpc", grpc, "--otlp-http", otlp, "--ops", ops];
    const child = spawn(binary, flags, { cwd: this.dir, stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    this.output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (this.output = (this.output + text).slice(-20_000)));
    let gone;
    child.once("error", (error) => (gone = error));
    child.once("exit", (code, signal) => (gone ??= new Error(`pharos ended with ${code ?? signal}:\n${this.output}`)));
    await until("the server is healthy", async () => gone || (await fetch(`${this.url}/v1/health`)).status === 200);
    if (gone) throw gone;
  }

  /** kill ends the process at once, as a crash does. */
  async kill() {
    const { process: child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async stop() {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** link makes a one-time login link with the command that people use. */
  async link() {
    const child = spawn(binary, ["admin", "login-link", "--data-dir", join(this.dir, "data")], { cwd: this.dir, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    await new Promise((resolve) => child.once("close", resolve));
    const once = /once=([\w.~-]+)/.exec(output)?.[1];
    if (!once) throw new Error(`no link in: ${output}`);
    return `${this.url}/login?once=${once}`;
  }

  /** send posts records to an ingest endpoint with the first API key. */
  async send(signal, records) {
    const response = await fetch(`${this.url}/v1/ingest/${signal}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-API-Key": this.bootstrap.api_key },
      body: JSON.stringify(records),
    });
    const answer = await response.json();
    if (response.status !== 200 || answer.accepted !== records.length) throw new Error(`ingest answered ${response.status}: ${JSON.stringify(answer)}`);
  }
}
