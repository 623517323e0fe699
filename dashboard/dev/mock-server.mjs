// A stand-in for the server, to work on the dashboard without building Go: `npm run mock` beside
// `npm run dev`. It invents two hosts, some intake and log lines, and takes any login but the
// password "wrong". It understands exactly the queries of src/overview/queries.ts.
// With MOCK=empty it has no data; MOCK=sick makes components unhealthy.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const port = Number(process.env.PORT ?? 8080);
const mode = process.env.MOCK ?? "";
const hosts = ["atlas", "web-1"];
const gib = 1024 ** 3;

const noise = (t, period, shift) => (Math.sin((2 * Math.PI * t) / period + shift) + Math.sin((2 * Math.PI * t) / (period * 0.37) + shift * 2.1) + Math.sin(t * 1.7 + shift)) / 6 + 0.5;
const both = (label, values, make) => values.map((value, i) => ({ labels: { [label]: value }, value: make(value, i) }));

/** The queries, by a piece of their text: what they answer at a time. */
const answers = [
  [/^100 \* avg/, (t) => both("cpu_mode", ["user", "system", "iowait", "nice", "steal", "interrupt"], (m, i) => [28 * noise(t, 300, 0), 9 * noise(t, 200, 1), 3 * noise(t, 90, 3) ** 4, 0, 0, 0.2][i])],
  [/^100 \* sum/, (t) => Array.from({ length: 8 }, (_, i) => ({ labels: { cpu_logical_number: String(i) }, value: 70 * noise(t, 120 + i * 31, i) ** 2 }))],
  [/^sum by \(system_memory_state\)/, (t) => both("system_memory_state", ["used", "cached", "buffers", "free"], (s) => ({ used: (11 + 2 * noise(t, 900, 0)) * gib, cached: 8.3 * gib, buffers: 0.6 * gib, free: 9 * gib })[s])],
  [/^sum by \(disk_io_direction\)/, (t) => both("disk_io_direction", ["read", "write"], (d, i) => 4e7 * noise(t, 130 + i * 50, i) ** 4)],
  [/^sum by \(network_io_direction\)/, (t) => both("network_io_direction", ["receive", "transmit"], (d, i) => (i ? 8e5 : 3.2e6) * noise(t, 240, i))],
  [/^sum by \(network_interface_name/, (t) => ["eth0", "wg0"].flatMap((name, i) => both("network_io_direction", ["receive", "transmit"], (d, j) => ((j ? 8e5 : 3.2e6) * noise(t, 240, j)) / (i * 9 + 1)).map((s) => ({ ...s, labels: { ...s.labels, network_interface_name: name } })))],
  [/^sum by \(system_filesystem_mountpoint/, () => [["/", 61, 139], ["/boot", 0.4, 0.6], ["/var/lib/pharos", 441, 59]].flatMap(([mount, used, free]) => both("system_filesystem_state", ["used", "free"], (s) => (s === "used" ? used : free) * gib).map((s) => ({ ...s, labels: { ...s.labels, system_filesystem_mountpoint: mount } })))],
  [/process_memory/, (t) => [["postgres", 3.1, 6], ["java", 2.2, 4], ["checkout", 0.9, 11], ["pharos", 0.14, 1.2]].flatMap(([name, gibs, cpu]) => both("fact", ["memory", "cpu"], (f) => (f === "memory" ? gibs * gib : cpu * noise(t, 60, gibs))).map((s) => ({ ...s, labels: { ...s.labels, process_executable_name: name } })))],
  [/^label_replace/, (t) => both("fact", ["load1", "load5", "load15", "uptime", "cores", "memory", "swapUsed", "swap"], (f) => ({ load1: 2.1 * noise(t, 100, 0), load5: 1.31, load15: 1.07, uptime: t % 4e6, cores: 8, memory: 31.2 * gib, swapUsed: 0.2 * gib, swap: 2 * gib })[f])],
  [/pharos_ingest_accepted/, (t) => [["metrics", "otlp_http", 5200], ["metrics", "remote_write", 18400], ["logs", "otlp_http", 310], ["logs", "json", 45]].map(([signal, protocol, rate]) => ({ labels: { signal, protocol }, value: rate * (0.7 + 0.6 * noise(t, 400, rate)) }))],
];

function evaluate(query, time) {
  if (mode === "empty") return [];
  return answers.find(([pattern]) => pattern.test(query))?.[1](time) ?? [];
}

const services = ["checkout", "cart", "payments", "pharos"];
const messages = [
  ["info", "GET /api/cart 200 in 12 ms"],
  ["info", "order 83121 placed, 3 items, 2 parcels"],
  ["warn", "retrying payment provider, attempt 2 of 5, the last answer was 503 Service Unavailable"],
  ["error", 'connection refused: dial tcp 10.2.0.14:5432 while loading customer "8f3a"'],
  ["debug", "cache hit ratio 0.93"],
];

function logAt(time) {
  const n = Math.floor(time / 700);
  const [level, message] = messages[(n * 7 + (n % 3)) % messages.length];
  return { time: new Date(n * 700).toISOString(), id: `b-${n}`, service: services[n % services.length], instance_id: `${services[n % services.length]}-1`, level, message, labels: {} };
}

const names = ["store metrics", "store logs", "store metadata", "receiver host", "receiver ingest", "receiver self"];
const health = () => ({
  status: mode === "sick" ? "degraded" : "ok",
  version: "0.1.0",
  components: names.map((name, i) => (mode === "sick" && i === 1 ? { name, status: "degraded", message: "The disk is full: 12 MiB left. Logs are refused, and can be read." } : { name, status: "ok" })),
});

const problem = (status, code, detail) => [status, { type: "about:blank", title: code, status, code, detail }];

function queryRange(params) {
  const [start, end, step] = ["start", "end", "step"].map((name) => Number(params.get(name)));
  const series = new Map();
  for (let t = Math.max(start, Date.now() / 1000 - 5400); t <= end; t += step) {
    for (const { labels, value } of evaluate(params.get("query"), t)) {
      const key = JSON.stringify(labels);
      if (!series.has(key)) series.set(key, { metric: labels, values: [] });
      series.get(key).values.push([t, String(value)]);
    }
  }
  return { status: "success", data: { resultType: "matrix", result: [...series.values()] } };
}

const routes = {
  "GET /v1/auth/me": () => [200, { name: "admin@localhost", org_id: "default", scopes: ["admin"] }],
  "POST /v1/auth/login": (_, body) => (body.password === "wrong" ? problem(401, "unauthenticated", "email or password is wrong") : [200, { expires_in: 900 }, true]),
  "POST /v1/auth/link": (_, body) => (body.once === "spent" ? problem(401, "unauthenticated", "the link was used") : [200, { expires_in: 900 }, true]),
  "POST /v1/auth/refresh": () => problem(401, "unauthenticated", "no session"),
  "POST /v1/auth/logout": () => [204, undefined, false],
  "GET /v1/health": () => [200, health()],
  "GET /api/v1/query_range": (params) => [200, queryRange(params)],
  "GET /api/v1/query": (params) => {
    const time = Number(params.get("time") ?? Date.now() / 1000);
    return [200, { status: "success", data: { resultType: "vector", result: evaluate(params.get("query"), time).map(({ labels, value }) => ({ metric: labels, value: [time, String(value)] })) } }];
  },
  "GET /api/v1/label/host_name/values": () => [200, { status: "success", data: mode === "empty" ? [] : hosts }],
  "POST /v1/query/logs/fields": () => [200, { fields: mode === "empty" ? [] : [{ name: "service", values: services.map((value, i) => ({ value, count: 48211 >> (i * 2) })) }] }],
  "POST /v1/query/logs": (_, body) => [200, { logs: mode === "empty" ? [] : Array.from({ length: body.limit }, (__, i) => logAt(Date.parse(body.to) - i * 700)), next: "" }],
};

const open = new Set(["GET /v1/health", "POST /v1/auth/login", "POST /v1/auth/link", "POST /v1/auth/refresh"]);

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  let text = "";
  for await (const chunk of request) text += chunk;
  const name = `${request.method} ${url.pathname}`;
  const loggedIn = (request.headers.cookie ?? "").includes("mock=1");
  const route = routes[name];
  let answer = route ? route(url.searchParams, text ? JSON.parse(text) : {}) : problem(404, "not_found", `there is no ${name}`);
  if (!open.has(name) && !loggedIn) answer = problem(401, "unauthenticated", "log in first");
  const [status, body, login] = answer;
  const headers = { "Content-Type": status < 400 ? "application/json" : "application/problem+json" };
  if (login !== undefined) headers["Set-Cookie"] = `mock=${login ? 1 : 0}; Path=/; HttpOnly; SameSite=Strict`;
  response.writeHead(status, headers).end(body === undefined ? undefined : JSON.stringify(body));
});

new WebSocketServer({ server, path: "/v1/ws" }).on("connection", (socket) => {
  const timers = new Map();
  const send = (message) => socket.send(JSON.stringify(message));
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "ping") send({ type: "pong" });
    if (message.type === "unsubscribe") clearInterval(timers.get(message.id));
    if (message.type !== "subscribe") return;
    const { id, kind, query, interval } = message;
    send({ type: "subscribed", id });
    const tick = () => {
      if (kind === "metrics") send({ type: "metrics", id, time: Date.now(), series: evaluate(query, Date.now() / 1000) });
      else if (mode !== "empty") send({ type: "logs", id, logs: [logAt(Date.now())], missed: 0 });
    };
    timers.set(id, setInterval(tick, Math.max(1, Number.parseFloat(interval ?? "1")) * 1000));
  });
  socket.on("close", () => timers.forEach(clearInterval));
});

server.listen(port, "127.0.0.1", () => console.log(`The mock server listens on http://127.0.0.1:${port}`));
