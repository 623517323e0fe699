// Every chart of a host's page: what it shows, in what unit, and how its lines are called.

import type { Unit } from "../format/units";
import type { Labels } from "../api/types";
import type { QueryOfStep } from "../live/useFrame";
import { cpuModes, diskDirections, memoryStates, networkDirections, type Naming } from "../overview/series";
import { labels, of, rateOf, virtualFilesystems } from "./queries";

export type SectionId = "cpu" | "memory" | "disk" | "network" | "processes";

export interface HostChart {
  id: string;
  section: SectionId;
  title: string;
  unit: Unit;
  stacked?: boolean;
  /** The end of the value axis, where it is known before the data. */
  max?: number;
  query: (host: string) => QueryOfStep;
  /** The lines by the values of a label, in a fixed order; or named one by one. */
  lines: { label: string; naming: Naming; quiet?: readonly string[] } | ((labels: Labels) => string);
  /** What stands beside the title: the sum of the lines now, or nothing. */
  value?: "sum" | "none";
  hint?: string;
}

const noLayers = 'system_device!~"dm-.*|md.*|loop.*"';
const named = (name: string, query: string) => `label_replace(${query}, "line", "${name}", "", "")`;
const line = (all: Labels) => all["line"] ?? "";
const direction = (value: string | undefined, naming: Naming) => naming.find(([key]) => key === value)?.[1].toLowerCase() ?? value ?? "";

const cpu: HostChart[] = [
  {
    id: "cpu-mode",
    section: "cpu",
    title: "CPU by mode",
    unit: "percent",
    stacked: true,
    max: 100,
    query: (host) => (step) =>
      `100 * avg by (${labels.cpuMode}) (${rateOf(`system_cpu_time_seconds_total${of(host, `${labels.cpuMode}!="idle"`)}`, step)})` +
      // Hosts without counters say their utilization themselves.
      ` or (100 * avg by (${labels.cpuMode}) (system_cpu_utilization_ratio${of(host, `${labels.cpuMode}!="idle"`)}) unless on () group(system_cpu_time_seconds_total${of(host)}))`,
    lines: { label: labels.cpuMode, naming: cpuModes, quiet: ["Steal", "Other"] },
    hint: "Part of the time of all cores",
  },
  {
    id: "cpu-core",
    section: "cpu",
    title: "CPU by core",
    unit: "percent",
    max: 100,
    query: (host) => (step) => `100 * sum by (${labels.core}) (${rateOf(`system_cpu_time_seconds_total${of(host, `${labels.cpuMode}!~"idle|iowait"`)}`, step)})`,
    lines: (all) => `Core ${all[labels.core] ?? ""}`,
    value: "none",
    hint: "Busy time of each core, without waiting for disks",
  },
  {
    id: "load",
    section: "cpu",
    title: "Load",
    unit: "plain",
    query: (host) => () =>
      [["1 min", "system_cpu_load_average_1m"], ["5 min", "system_cpu_load_average_5m"], ["15 min", "system_cpu_load_average_15m"], ["Cores", "system_cpu_logical_count"]]
        .map(([name = "", metric = ""]) => named(name, `max(${metric}${of(host)})`))
        .join(" or "),
    lines: { label: "line", naming: [["1 min", "1 min"], ["5 min", "5 min"], ["15 min", "15 min"], ["Cores", "Cores"]] },
    value: "none",
    hint: "Programs that run or wait to; above the number of cores they wait",
  },
];

const memory: HostChart[] = [
  {
    id: "memory",
    section: "memory",
    title: "Memory",
    unit: "bytes",
    stacked: true,
    query: (host) => () => `sum by (${labels.memoryState}) (system_memory_usage_bytes${of(host)})`,
    lines: { label: labels.memoryState, naming: memoryStates, quiet: ["Buffers"] },
    value: "none",
  },
  {
    id: "swap",
    section: "memory",
    title: "Swap",
    unit: "bytes",
    query: (host) => () => `${named("Used", `sum(system_paging_usage_bytes${of(host, 'system_paging_state="used"')})`)} or ${named("Size", `sum(system_paging_usage_bytes${of(host)})`)}`,
    lines: { label: "line", naming: [["Used", "Used"], ["Size", "Size"]] },
    value: "none",
  },
  {
    id: "paging",
    section: "memory",
    title: "Paging",
    unit: "perSecond",
    query: (host) => (step) =>
      [
        named("Pages in", `sum(${rateOf(`system_paging_operations_total${of(host, 'system_paging_direction="in"')}`, step)})`),
        named("Pages out", `sum(${rateOf(`system_paging_operations_total${of(host, 'system_paging_direction="out"')}`, step)})`),
        named("Major faults", `sum(${rateOf(`system_paging_faults_total${of(host, 'system_paging_fault_type="major"')}`, step)})`),
      ].join(" or "),
    lines: { label: "line", naming: [["Pages in", "Pages in"], ["Pages out", "Pages out"], ["Major faults", "Major faults"]] },
    value: "none",
    hint: "Pages swapped, and faults that had to read a disk",
  },
];

const byDirection = (metric: string, host: string, step: number) => `sum by (${labels.disk}) (${rateOf(`${metric}${of(host, noLayers)}`, step)})`;

const disk: HostChart[] = [
  {
    id: "disk-io",
    section: "disk",
    title: "Disk throughput",
    unit: "bytesPerSecond",
    query: (host) => (step) => byDirection("system_disk_io_bytes_total", host, step),
    lines: { label: labels.disk, naming: diskDirections },
    value: "sum",
  },
  {
    id: "disk-operations",
    section: "disk",
    title: "Disk operations",
    unit: "perSecond",
    query: (host) => (step) => byDirection("system_disk_operations_total", host, step),
    lines: { label: labels.disk, naming: diskDirections },
    value: "sum",
  },
  {
    id: "disk-latency",
    section: "disk",
    title: "Time of an operation",
    unit: "seconds",
    query: (host) => (step) => `${byDirection("system_disk_operation_time_seconds_total", host, step)} / (${byDirection("system_disk_operations_total", host, step)} > 0)`,
    lines: { label: labels.disk, naming: diskDirections },
    value: "none",
    hint: "How long a read and a write took on average, waiting included",
  },
  {
    id: "disk-busy",
    section: "disk",
    title: "Disk busy",
    unit: "percent",
    max: 100,
    query: (host) => (step) => `100 * sum by (system_device) (${rateOf(`system_disk_io_time_seconds_total${of(host, noLayers)}`, step)})`,
    lines: (all) => all["system_device"] ?? "",
    value: "none",
    hint: "Part of the time in which the device had something to do",
  },
  {
    id: "filesystems",
    section: "disk",
    title: "Filesystems used",
    unit: "percent",
    max: 100,
    query: (host) => () => {
      const used = (states: string) => `sum by (${labels.mountpoint}) (system_filesystem_usage_bytes${of(host, `${labels.filesystemState}=~"${states}"`, virtualFilesystems)})`;
      return `100 * (${used("used")} / ${used("used|free")} or max by (${labels.mountpoint}) (system_filesystem_utilization_ratio${of(host, virtualFilesystems)}))`;
    },
    lines: (all) => all[labels.mountpoint] ?? "",
    value: "none",
  },
];

const byInterface = (metric: string, host: string, step: number) => `sum by (${labels.networkInterface}, ${labels.network}) (${rateOf(`${metric}${of(host)}`, step)})`;
const interfaceName = (all: Labels) => `${all[labels.networkInterface] ?? ""} ${direction(all[labels.network], networkDirections)}`;

const network: HostChart[] = [
  {
    id: "network-io",
    section: "network",
    title: "Network throughput",
    unit: "bytesPerSecond",
    query: (host) => (step) => byInterface("system_network_io_bytes_total", host, step),
    lines: interfaceName,
    value: "sum",
  },
  {
    id: "network-packets",
    section: "network",
    title: "Packets",
    unit: "perSecond",
    query: (host) => (step) => byInterface("system_network_packet_count_total", host, step),
    lines: interfaceName,
    value: "sum",
  },
  {
    id: "network-faults",
    section: "network",
    title: "Errors and drops",
    unit: "perSecond",
    query: (host) => (step) =>
      [["Errors", "system_network_errors_total"], ["Drops", "system_network_packet_dropped_total"]]
        .map(([name = "", metric = ""]) => named(name, `sum by (${labels.network}) (${rateOf(`${metric}${of(host)}`, step)})`))
        .join(" or "),
    lines: (all) => `${line(all)} ${direction(all[labels.network], networkDirections)}`,
    value: "sum",
  },
  {
    id: "connections",
    section: "network",
    title: "Connections",
    unit: "count",
    query: (host) => () => `sum by (network_transport, network_connection_state) (system_network_connection_count${of(host)}) > 0`,
    lines: (all) => [all["network_transport"]?.toUpperCase(), all["network_connection_state"]?.replaceAll("_", " ")].filter(Boolean).join(" "),
    value: "none",
  },
];

const processCharts: HostChart[] = [
  {
    id: "process-count",
    section: "processes",
    title: "Processes",
    unit: "count",
    stacked: true,
    query: (host) => () => `sum by (process_state) (system_process_count${of(host)})`,
    lines: { label: "process_state", naming: [["running", "Running"], ["sleeping", "Sleeping"], ["stopped", "Stopped"], ["defunct", "Defunct"]], quiet: ["Stopped", "Defunct"] },
    value: "sum",
  },
  {
    id: "process-created",
    section: "processes",
    title: "Processes created",
    unit: "perSecond",
    query: (host) => (step) => `sum(${rateOf(`system_process_created_total${of(host)}`, step)})`,
    lines: () => "Created",
    value: "sum",
  },
];

export const hostCharts: readonly HostChart[] = [...cpu, ...memory, ...disk, ...network, ...processCharts];

/** All sections of the page in their order; the last ones have no charts. */
export const sections = [
  ["cpu", "CPU"],
  ["memory", "Memory"],
  ["disk", "Disks and filesystems"],
  ["network", "Network"],
  ["processes", "Processes"],
  ["agent", "Agent"],
  ["services", "Services"],
  ["logs", "Logs"],
] as const;
