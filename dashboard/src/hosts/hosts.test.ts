import { describe, expect, it } from "vitest";

import type { InstantSeries, Labels } from "../api/types";
import { fromMatrix } from "../live/frame";
import { hostCharts, sections } from "./charts";
import { ago, keepTime, roughly } from "./age";
import { agentOrder, partRows, spanParams, troubleOf, type FleetHost } from "./fleet";
import { filesystemsOf, partOf } from "./Filesystems";
import { joinServices } from "./HostServices";
import { linesOf } from "./lines";
import { countShown, filterHosts, infoOf, needsAttention, rowsOf, shortSystem, silentOf, staleAfter, totalsOf, type HostRow } from "./model";
import { processesOf } from "./Processes";
import { hostFacts, hostInfo, hostLogs, lastSeen, listFacts, oneOf, processes, rateOf, sparks } from "./queries";
import { parseHost, parseHosts, writeHost, writeHosts } from "./search";
import { factInterval } from "./useHostList";

const now = 1_000_000;
const instant = (metric: Labels, value: number): InstantSeries => ({ metric, value: [now, String(value)] });
const of = (host: string, fact: string, value: number, more: Labels = {}) => instant({ host_name: host, fact, ...more }, value);
const row = (name: string, more: Partial<HostRow> = {}): HostRow => ({ name, stale: false, ...more });

describe("queries", () => {
  it("ask for all hosts at once", () => {
    expect(listFacts).not.toContain('host_name="');
    for (const fact of ["seen", "reports", "cpu", "memory", "disk", "netIn", "netOut", "load", "cores", "uptime"]) expect(listFacts).toContain(`"fact", "${fact}"`);
  });

  it("quote a host's name, and escape it in an expression", () => {
    expect(hostFacts('a"b')).toContain('host_name="a\\"b"');
    expect(oneOf(["a.b", "c(1)"])).toBe(String.raw`host_name=~"a\\.b|c\\(1\\)"`);
    expect(hostLogs('a"b')).toBe('host.name:="a\\"b"');
  });

  it("look back as far as the range", () => {
    expect(hostInfo(3600)).toContain("[3600s]");
    expect(hostInfo(60, "a")).toContain('host_name="a"');
    expect(lastSeen(["a"], 3600)).toContain("[3600s:60s]");
    expect(lastSeen(undefined, 86_400)).toContain("[86400s:360s]");
    expect(lastSeen(undefined, 60)).toContain('host_name!=""');
  });

  it("look at two samples on a fine grid and over the step on a coarse one", () => {
    expect(rateOf("x", 1)).toBe("irate(x[2m])");
    expect(rateOf("x", 30)).toBe("rate(x[120s])");
    expect(rateOf("x", 600)).toBe("rate(x[1200s])");
    expect(sparks(["a"])(300)).toContain("[600s]");
    expect(processes("a", 44.5)).toContain("[45s]");
  });

  it("belong to the sections of the page, each by its own name", () => {
    const known = sections.map(([id]) => id as string);
    expect(hostCharts.every(({ section }) => known.includes(section))).toBe(true);
    expect(new Set(hostCharts.map(({ id }) => id)).size).toBe(hostCharts.length);
    for (const chart of hostCharts) expect(chart.query("a")(60)).toContain('host_name="a"');
  });
});

describe("staleness", () => {
  it.each([
    [300, 60], // one a second
    [30, 60],
    [20, 60],
    [10, 120],
    [5, 240],
    [1, 300],
    [undefined, 300],
  ])("%s samples in five minutes: stale after %d s", (reports, want) => {
    expect(staleAfter(reports)).toBe(want);
  });

  it("is by the interval at which a host reports, and by the server's clock", () => {
    const facts = [of("quick", "seen", now - 90), of("quick", "reports", 300), of("slow", "seen", now - 90), of("slow", "reports", 5)];
    const rows = rowsOf({ names: ["quick", "slow", "gone", "never"], facts, info: new Map(), lastSeen: [instant({ host_name: "gone" }, now - 900)] }, now + 5000);
    expect(rows.map(({ name, stale, age }) => [name, stale, age])).toEqual([
      ["quick", true, 90],
      ["slow", false, 90],
      ["gone", true, 900],
      ["never", true, undefined],
    ]);
    expect(silentOf(["quick", "never", "gone"], facts)).toEqual(["gone", "never"]);
  });
});

describe("rowsOf", () => {
  it("joins facts, and says where the fullest filesystem is", () => {
    const facts = [of("a", "seen", now - 1), of("a", "load", 6), of("a", "cores", 4), of("a", "disk", 91, { system_filesystem_mountpoint: "/data" }), of("a", "cpu", Number.NaN)];
    const [a] = rowsOf({ names: ["a"], facts, info: new Map([["a", { os: "Debian" }]]), lastSeen: [] }, now);
    expect(a).toMatchObject({ name: "a", os: "Debian", loadPerCore: 1.5, disk: 91, mountpoint: "/data", stale: false });
    expect(a?.cpu).toBeUndefined();
  });

  it("lists a host that its facts know before its name is looked up", () => {
    expect(rowsOf({ names: [], facts: [of("new", "seen", now)], info: new Map(), lastSeen: [] }, now).map(({ name }) => name)).toEqual(["new"]);
  });
});

describe("infoOf", () => {
  const target = (labels: Labels) => instant({ host_name: "a", os_type: "linux", ...labels }, 1);

  it("prefers what the program that measures the host says", () => {
    const info = infoOf([target({ service: "web", service_version: "9" }), target({ service: "host", os_description: "Debian 12", host_id: "x", service_version: "0.1" }), target({ service: "cart" })]);
    expect(info.get("a")).toMatchObject({ os: "Debian 12", id: "x" });
  });
});

describe("the list", () => {
  const rows = [row("db-1", { os: "Debian 12", cpu: 20, cores: 16, disk: 87 }), row("web-1", { os: "Ubuntu 24.04", cpu: 95, cores: 4 }), row("web-2", { os: "Ubuntu 24.04", stale: true, cpu: 50, memoryUsed: 7 })];
  const names = (found: HostRow[]) => found.map(({ name }) => name);

  it("is filtered by every word, anywhere", () => {
    expect(names(filterHosts(rows, "WEB ubuntu", "all"))).toEqual(["web-1", "web-2"]);
    expect(names(filterHosts(rows, "web debian", "all"))).toEqual([]);
    expect(names(filterHosts(rows, "", "stale"))).toEqual(["web-2"]);
    expect(names(filterHosts(rows, "", "attention"))).toEqual(["db-1", "web-1", "web-2"]);
    expect(names(filterHosts(rows, "", "reporting"))).toEqual(["db-1", "web-1"]);
    expect(countShown(rows)).toEqual({ all: 3, reporting: 2, stale: 1, attention: 3 });
  });

  it("adds up those that report, the CPU by cores", () => {
    expect(totalsOf(rows)).toMatchObject({ cores: 20, cpu: 35, memoryUsed: 0 });
    expect(totalsOf([]).cpu).toBeUndefined();
  });

  it.each([
    [{ cpu: 84.9, memory: 89, disk: 84, loadPerCore: 1.4 }, false],
    [{ memory: 90 }, true],
    [{ loadPerCore: 1.5 }, true],
    [{}, false],
  ])("%o needs a look: %s", (more, want) => {
    expect(needsAttention(row("a", more))).toBe(want);
  });

  it("is asked for less often when it is long", () => {
    expect([10, 200, 1000].map(factInterval)).toEqual([2000, 5000, 15_000]);
  });

  it.each([
    [undefined, "–"],
    [0.4, "now"],
    [3.7, "3\u2009s ago"],
    [150, "2\u2009min ago"],
    [7300, "2\u2009h 1\u2009min ago"],
  ])("%s seconds is %s", (seconds, want) => {
    expect(ago(seconds)).toBe(want);
  });
});

describe("agents", () => {
  const agent = { version: "1.2.3", last_report: new Date((now - 20) * 1000).toISOString() };
  const reasons = [{ kind: "exporter", part: "delivery", text: "the server is away" }];
  const fleet: FleetHost[] = [
    { name: "ill", state: "unhealthy", reasons, agent, id: "x", os: "Debian 12", last_seen: agent.last_report },
    { name: "well", state: "ok", agent, last_seen: agent.last_report },
    { name: "quiet", state: "silent", reasons: [{ kind: "agent", text: "The agent reports no more." }], agent, last_seen: new Date((now - 9000) * 1000).toISOString() },
    { name: "other", state: "no_agent", last_seen: agent.last_report },
    { name: "gone", state: "silent", last_seen: new Date((now - 9000) * 1000).toISOString() },
  ];
  const facts = ["ill", "well", "other"].map((host) => of(host, "seen", now - 1));

  it("are joined; one that is silent stays in the list, any other host only within the range", () => {
    const rows = rowsOf({ names: [], facts, info: new Map(), lastSeen: [], fleet }, now);
    expect(rows.map(({ name, state, stale, age }) => [name, state, stale, age])).toEqual([
      ["ill", "unhealthy", false, 1],
      ["well", "ok", false, 1],
      ["other", "no_agent", false, 1],
      ["quiet", "silent", true, 9000],
    ]);
    expect(rows[0]).toMatchObject({ os: "Debian 12", id: "x" });
    expect(rows.filter(needsAttention).map(({ name }) => name)).toEqual(["ill", "quiet"]);
    expect(filterHosts(rows, "unhealthy 1.2", "all").map(({ name }) => name)).toEqual(["ill"]);
    expect(rows.toSorted((a, b) => (agentOrder(a) ?? "9").localeCompare(agentOrder(b) ?? "9")).map(({ name }) => name)).toEqual(["ill", "quiet", "well", "other"]);
  });

  it("say why they are not well", () => {
    expect(troubleOf({ ...fleet[0], stale: false })).toEqual({ word: "unhealthy", why: ["delivery: the server is away"] });
    expect(troubleOf({ ...fleet[2], stale: true })).toEqual({ word: "silent", why: ["The agent reports no more."] });
    expect(troubleOf({ ...fleet[3], stale: true })).toEqual({ word: "stale", why: [] });
    expect(troubleOf({ ...fleet[1], stale: false })).toBeUndefined();
  });

  it("show the parts that fail first", () => {
    const parts = [{ kind: "exporter", id: "other", up: true }, { kind: "exporter", id: "delivery", up: false }];
    expect(partRows({ ...agent, parts }, reasons).map(({ id, reason }) => [id, reason?.text])).toEqual([
      ["delivery", "the server is away"],
      ["other", undefined],
    ]);
    expect(partRows(agent, reasons)).toEqual([]);
  });

  it("are looked for a day back at least, and seven at most", () => {
    const to = Date.parse("2026-01-10T00:00:00Z");
    const from = (ago: number) => spanParams({ from: to - ago * 3_600_000, to }).get("from");
    expect([from(1), from(48), from(999)]).toEqual(["2026-01-09T00:00:00.000Z", "2026-01-08T00:00:00.000Z", "2026-01-03T00:00:00.000Z"]);
  });
});

describe("the list is short", () => {
  it("in how long a host is up, and what it runs", () => {
    expect([90_000, 3700, undefined].map(roughly)).toEqual(["1\u2009d", "1\u2009h 1\u2009min", "–"]);
    expect(["Debian GNU/Linux 12 (bookworm)", "Ubuntu 24.04.3 LTS", undefined].map(shortSystem)).toEqual(["Debian 12", "Ubuntu 24.04.3 LTS", "–"]);
  });
});

describe("the address", () => {
  it("reads what it wrote, and leaves out what is so anyway", () => {
    const search = { text: "db 1", show: "stale", sort: { column: "cpu", descending: true } } as const;
    const written = writeHosts(search);
    expect(written).toEqual({ q: "db 1", show: "stale", sort: "-cpu" });
    expect(parseHosts(written)).toEqual(search);
    expect(writeHosts({ text: "", show: "all", sort: { column: "name", descending: false } })).toEqual({ q: undefined, show: undefined, sort: undefined });
    const processes = { column: "memory", descending: true };
    expect(parseHost(writeHost({ processes })).processes).toEqual(processes);
    expect(writeHost({ processes: { column: "cpu", descending: true } })).toEqual({ processes: undefined });
  });

  it("takes no nonsense", () => {
    expect(parseHosts({ show: "everything", sort: "-colour" })).toEqual({ text: "", show: "all", sort: { column: "name", descending: false } });
  });

  it("keeps the time between pages, and nothing else", () => {
    expect(keepTime({ from: "now-1h", to: "now", q: "x", sort: "cpu", tz: "UTC" })).toEqual({ from: "now-1h", to: "now", tz: "UTC" });
  });
});

describe("one host", () => {
  it("joins the states of filesystems", () => {
    const fs = (fact: string, state: string, value: number) => instant({ fact, system_filesystem_mountpoint: "/", system_device: "vda", system_filesystem_type: "ext4", system_filesystem_state: state }, value);
    expect(filesystemsOf([fs("bytes", "used", 60), fs("bytes", "free", 40), fs("bytes", "reserved", 5), fs("inodes", "used", 1), fs("inodes", "free", 3)])).toEqual([
      { mountpoint: "/", device: "vda", type: "ext4", used: 60, free: 40, inodesUsed: 1, inodesFree: 3 },
    ]);
    expect(filesystemsOf([fs("bytes", "used", 0)])).toEqual([]);
    expect([partOf(1, 3), partOf(0, 0)]).toEqual([25, undefined]);
  });

  it("joins the facts of processes by their number", () => {
    const p = (pid: string, fact: string, value: number) => instant({ process_executable_name: "go", process_pid: pid, fact }, value);
    expect(processesOf([p("1", "cpu", 5), p("2", "cpu", 6), p("1", "memory", 7)])).toEqual([
      { name: "go", pid: "1", cpu: 5, memory: 7 },
      { name: "go", pid: "2", cpu: 6 },
    ]);
  });

  it("joins services that send metrics, logs, or both", () => {
    const series = [instant({ service: "web", instance: "web-1" }, 10), instant({ service: "web", instance: "web-2" }, 5)];
    expect(joinServices(series, [{ value: "web", count: 3 }, { value: "cron", count: 1 }, { value: "", count: 9 }])).toEqual([
      { name: "web", instances: ["web-1", "web-2"], series: 15, logs: 3 },
      { name: "cron", instances: [], series: 0, logs: 1 },
    ]);
  });

  it("names lines one by one, in an order that stays", () => {
    const frame = fromMatrix(["10", "2"].map((core) => ({ metric: { core }, values: [[0, core]] as [number, string][] })), 0, 0, 1);
    expect(linesOf(frame, (labels) => `Core ${labels["core"]}`, "light").map(({ label, values }) => [label, values])).toEqual([
      ["Core 2", [2]],
      ["Core 10", [10]],
    ]);
  });
});
