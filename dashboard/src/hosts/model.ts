// Hosts as the list shows them: from series to rows, who is stale, and what is asked for.

import type { InstantSeries, Labels } from "../api/types";
import { troubleOf, type Agent, type FleetHost, type HostState, type Reason } from "./fleet";
import { hostLabel, labels } from "./queries";

/** What a host says of itself. */
export interface HostInfo {
  id?: string | undefined;
  arch?: string | undefined;
  os?: string | undefined;
  kernel?: string | undefined;
  region?: string | undefined;
  environment?: string | undefined;
}

export interface HostRow extends HostInfo {
  name: string;
  /** How its agent does, as the server judges. */
  state?: HostState | undefined;
  reasons?: readonly Reason[] | undefined;
  agent?: Agent | undefined;
  /** Reported in the time range, but not lately. */
  stale: boolean;
  /** The newest sample, Unix seconds. */
  seen?: number | undefined;
  /** How long ago that was, in seconds. */
  age?: number | undefined;
  cpu?: number | undefined;
  memory?: number | undefined;
  memoryUsed?: number | undefined;
  memoryTotal?: number | undefined;
  disk?: number | undefined;
  /** Where the fullest filesystem is mounted. */
  mountpoint?: string | undefined;
  netIn?: number | undefined;
  netOut?: number | undefined;
  load?: number | undefined;
  cores?: number | undefined;
  loadPerCore?: number | undefined;
  uptime?: number | undefined;
}

/** How long `reports` looks back: samples older than this are not among the facts either. */
const lookback = 300;

/** staleAfter is how long a host may be silent: some times the interval at which it reports. */
export function staleAfter(reports: number | undefined): number {
  const interval = reports && reports > 1 ? lookback / reports : lookback;
  return Math.min(Math.max(60, 4 * interval), lookback);
}

/** infoOf reads target_info; the program that measures the host knows better than others on it. */
export function infoOf(series: readonly InstantSeries[]): Map<string, HostInfo> {
  const found = new Map<string, { info: HostInfo; own: boolean }>();
  for (const { metric } of series) {
    const name = metric[hostLabel] ?? "";
    const own = metric["service"] === "host";
    if (found.has(name) && (found.get(name)?.own || !own)) continue;
    found.set(name, { own, info: describe(metric) });
  }
  return new Map([...found].map(([name, { info }]) => [name, info]));
}

function describe(metric: Labels): HostInfo {
  return {
    id: metric["host_id"],
    arch: metric["host_arch"],
    os: metric["os_description"] ?? metric["os_type"],
    kernel: metric["os_version"],
    region: metric["cloud_region"],
    environment: metric["deployment_environment_name"],
  };
}

interface Sources {
  names: readonly string[];
  facts: readonly InstantSeries[];
  info: ReadonlyMap<string, HostInfo>;
  /** When the silent ones reported last. */
  lastSeen: readonly InstantSeries[];
  /** What the server knows of their agents. Who has one stays in the list for a day. */
  fleet?: readonly FleetHost[];
}

type Fact = "seen" | "reports" | "cpu" | "memory" | "memoryUsed" | "memoryTotal" | "disk" | "netIn" | "netOut" | "load" | "cores" | "uptime";

/** rowsOf joins what is known of each host. Ages are by the server's clock. */
export function rowsOf({ names, facts, info, lastSeen, fleet = [] }: Sources, now: number): HostRow[] {
  const values = new Map<string, Partial<Record<Fact, number>> & { mountpoint?: string | undefined }>();
  let clock = now;
  for (const { metric, value } of facts) {
    const name = metric[hostLabel] ?? "";
    const entry = values.get(name) ?? {};
    values.set(name, entry);
    const number = Number(value[1]);
    if (!Number.isFinite(number)) continue;
    entry[metric["fact"] as Fact] = number;
    if (metric["fact"] === "disk") entry.mountpoint = metric[labels.mountpoint];
    clock = value[0];
  }
  const silent = new Map(lastSeen.map(({ metric, value }) => [metric[hostLabel] ?? "", Number(value[1])]));
  const known = new Map(fleet.map((host) => [host.name, host]));
  const withAgent = fleet.filter(({ agent }) => agent).map(({ name }) => name);
  return [...new Set([...names, ...values.keys(), ...withAgent])].filter(Boolean).map((name) => {
    const host = known.get(name);
    const { seen: fresh, reports, ...rest } = values.get(name) ?? {};
    const seen = fresh ?? silent.get(name) ?? (host?.last_seen ? Date.parse(host.last_seen) / 1000 : undefined);
    const age = seen === undefined ? undefined : Math.max(0, clock - seen);
    const loadPerCore = rest.load !== undefined && rest.cores ? rest.load / rest.cores : undefined;
    const about = info.get(name) ?? (host && { id: host.id, os: host.os, arch: host.arch });
    return { name, ...about, state: host?.state, reasons: host?.reasons, agent: host?.agent, ...rest, loadPerCore, seen, age, stale: age === undefined || age > staleAfter(reports) };
  });
}

/** silentOf lists the hosts that reported in the time range, and not within the last minutes. */
export function silentOf(names: readonly string[], facts: readonly InstantSeries[]): string[] {
  const seen = new Set(facts.filter(({ metric }) => metric["fact"] === "seen").map(({ metric }) => metric[hostLabel]));
  return names.filter((name) => !seen.has(name)).toSorted();
}

/** shortSystem leaves out of a system's name what tells nobody apart: "Debian 12". */
export function shortSystem(os: string | undefined): string {
  return os?.replace(" GNU/Linux", "").replace(/ \(.*\)$/, "") ?? "–";
}

/** From here on something wants to be looked at, in percent, and in load to a core. */
export const limits = { cpu: 85, memory: 90, disk: 85, loadPerCore: 1.5 } as const;

/** needsAttention is what an on-call engineer would open first. */
export function needsAttention(row: HostRow): boolean {
  return troubleOf(row) !== undefined || over(row.cpu, limits.cpu) || over(row.memory, limits.memory) || over(row.disk, limits.disk) || over(row.loadPerCore, limits.loadPerCore);
}

const over = (value: number | undefined, limit: number) => value !== undefined && value >= limit;

export type Show = "all" | "reporting" | "stale" | "attention";

const shown: Record<Show, (row: HostRow) => boolean> = {
  all: () => true,
  reporting: (row) => !row.stale,
  stale: (row) => row.stale,
  attention: needsAttention,
};

/** filterHosts keeps the hosts that have every word somewhere in what they are. */
export function filterHosts(rows: readonly HostRow[], text: string, show: Show): HostRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (!shown[show](row)) return false;
    const about = [row.name, row.os, row.kernel, row.arch, row.id, row.region, row.environment, row.agent?.version, row.state].join(" ").toLowerCase();
    return words.every((word) => about.includes(word));
  });
}

export function countShown(rows: readonly HostRow[]): Record<Show, number> {
  const count = (show: Show) => rows.filter(shown[show]).length;
  return { all: rows.length, reporting: count("reporting"), stale: count("stale"), attention: count("attention") };
}

export interface Totals {
  cores: number;
  /** Mean over the cores of all hosts. */
  cpu: number | undefined;
  memoryUsed: number;
  memoryTotal: number;
  netIn: number;
  netOut: number;
}

/** totalsOf adds up the hosts that report. */
export function totalsOf(rows: readonly HostRow[]): Totals {
  const totals: Totals = { cores: 0, cpu: undefined, memoryUsed: 0, memoryTotal: 0, netIn: 0, netOut: 0 };
  let busy = 0;
  let weight = 0;
  for (const row of rows) {
    if (row.stale) continue;
    totals.cores += row.cores ?? 0;
    totals.memoryUsed += row.memoryUsed ?? 0;
    totals.memoryTotal += row.memoryTotal ?? 0;
    totals.netIn += row.netIn ?? 0;
    totals.netOut += row.netOut ?? 0;
    if (row.cpu !== undefined) {
      busy += row.cpu * (row.cores ?? 1);
      weight += row.cores ?? 1;
    }
  }
  if (weight > 0) totals.cpu = busy / weight;
  return totals;
}
