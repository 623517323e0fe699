// All PromQL of the Overview. The names are OpenTelemetry's system.* and process.* metrics after
// Prometheus' translation; the pharos_* ones are the server's own.

import type { QueryOfStep } from "../live/useFrame";

/** The label that tells hosts apart: the resource attribute host.name. */
export const hostLabel = "host_name";

/** A series that every host has. */
export const hostSelector = "system_cpu_time_seconds_total";

export const labels = {
  core: "cpu_logical_number",
  cpuMode: "cpu_mode",
  memoryState: "system_memory_state",
  disk: "disk_io_direction",
  network: "network_io_direction",
  networkInterface: "network_interface_name",
  mountpoint: "system_filesystem_mountpoint",
  filesystemType: "system_filesystem_type",
  filesystemState: "system_filesystem_state",
  process: "process_executable_name",
} as const;

/** quote writes a label value as PromQL does. */
export function quote(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

const of = (host: string, ...matchers: string[]) => `{${[`${hostLabel}=${quote(host)}`, ...matchers].join(",")}}`;

/**
 * perSecond is a counter's rate. On a fine grid it is the rate between the last two samples,
 * whatever the interval of the host is; on a coarse one the mean over the step.
 */
export function perSecond(selector: string, step: number): string {
  return step < 10 ? `irate(${selector}[1m])` : `rate(${selector}[${Math.max(60, step * 2)}s])`;
}

const cpuTime = "system_cpu_time_seconds_total";

/** The part of all cores' time in each mode but idle. */
export const cpuByMode =
  (host: string): QueryOfStep =>
  (step) =>
    `100 * avg by (${labels.cpuMode}) (${perSecond(`${cpuTime}${of(host, `${labels.cpuMode}!="idle"`)}`, step)})`;

/** The part of each core's time that is neither idle nor waiting. */
export const cpuByCore =
  (host: string): QueryOfStep =>
  (step) =>
    `100 * sum by (${labels.core}) (${perSecond(`${cpuTime}${of(host, `${labels.cpuMode}!~"idle|iowait"`)}`, step)})`;

export const memoryByState =
  (host: string): QueryOfStep =>
  () =>
    `sum by (${labels.memoryState}) (system_memory_usage_bytes${of(host)})`;

/** Devices on top of others (LVM, RAID) would count the same bytes again. */
export const diskIO =
  (host: string): QueryOfStep =>
  (step) =>
    `sum by (${labels.disk}) (${perSecond(`system_disk_io_bytes_total${of(host, 'system_device!~"dm-.*|md.*"')}`, step)})`;

export const networkIO =
  (host: string): QueryOfStep =>
  (step) =>
    `sum by (${labels.network}) (${perSecond(`system_network_io_bytes_total${of(host)}`, step)})`;

export const networkByInterface =
  (host: string): QueryOfStep =>
  (step) =>
    `sum by (${labels.networkInterface}, ${labels.network}) (${perSecond(`system_network_io_bytes_total${of(host)}`, step)})`;

export const filesystems = (host: string) =>
  `sum by (${labels.mountpoint}, ${labels.filesystemState}) (system_filesystem_usage_bytes${of(host, `${labels.filesystemType}!~"tmpfs|devtmpfs|overlay|ramfs"`)})` +
  ` or sum by (${labels.mountpoint}, ${labels.filesystemState}) (system_filesystem_usage_bytes${of(host, `${labels.mountpoint}="/"`)})`;

/**
 * What each program uses: memory in bytes, and its part of all cores in percent. The short window
 * leaves out processes that ended: their series are not marked as stale.
 */
export const processes = (host: string) =>
  `label_replace(topk(12, sum by (${labels.process}) (last_over_time(process_memory_usage_bytes${of(host)}[30s]))), "fact", "memory", "", "")` +
  ` or label_replace(100 * sum by (${labels.process}) (last_over_time(process_cpu_utilization_ratio${of(host)}[30s])), "fact", "cpu", "", "")`;

/** Single numbers about a host, told apart by the label "fact". */
export const hostFacts = (host: string) =>
  [
    ["load1", `max(system_cpu_load_average_1m${of(host)})`],
    ["load5", `max(system_cpu_load_average_5m${of(host)})`],
    ["load15", `max(system_cpu_load_average_15m${of(host)})`],
    ["uptime", `max(system_uptime_seconds${of(host)})`],
    ["cores", `max(system_cpu_logical_count${of(host)})`],
    ["memory", `max(system_memory_limit_bytes${of(host)})`],
    ["swapUsed", `sum(system_paging_usage_bytes${of(host, 'system_paging_state="used"')})`],
    ["swap", `sum(system_paging_usage_bytes${of(host)})`],
  ]
    .map(([fact, query]) => `label_replace(${query}, "fact", "${fact}", "", "")`)
    .join(" or ");

/** What comes in, by signal (metrics, logs) and protocol: those by which anything ever came. */
export const intake: QueryOfStep = (step) =>
  `sum by (signal, protocol) (${perSecond("pharos_ingest_accepted_items_total", step)})` +
  ` and sum by (signal, protocol) (pharos_ingest_accepted_items_total) > 0`;

/** How much came in since the server started: the first of something has no rate yet. */
export const intakeTotal = "sum(pharos_ingest_accepted_items_total)";

export const refused: QueryOfStep = (step) =>
  `sum by (signal) (${perSecond("pharos_ingest_rejected_items_total", step)})`;

/** Every log line. */
export const allLogs = "*";
