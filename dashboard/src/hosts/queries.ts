// All PromQL of the Hosts pages. Names are those of the host receiver (system.* and process.*
// after Prometheus' translation). What the list asks is asked once for all hosts.

import { hostLabel, labels, perSecond, quote } from "../overview/queries";
import type { QueryOfStep } from "../live/useFrame";

export { hostLabel, labels } from "../overview/queries";

/** Series that a host is known by: whoever measures hosts sends at least one of them. */
export const hostSelectors = `{__name__=~"system_memory_usage_bytes|system_cpu_load_average_1m|system_cpu_utilization_ratio",${hostLabel}!=""}`;

/** Filesystems that hold nothing of their own: memory, and layers over others. */
const virtualFilesystems = `${labels.filesystemType}!~"tmpfs|devtmpfs|overlay|ramfs|squashfs"`;

const known = `${hostLabel}!=""`;

const fact = (name: string, query: string) => `label_replace(${query}, "fact", "${name}", "", "")`;

const byHost = (aggregate: string, query: string) => `${aggregate} by (${hostLabel}) (${query})`;

/** oneOf matches some hosts by name. */
export function oneOf(hosts: readonly string[]): string {
  const pattern = hosts.map((host) => host.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join("|");
  return `${hostLabel}=~${quote(pattern)}`;
}

/** part is how full something is in percent, from its states. */
const memoryPart = (matchers: string) =>
  `100 * ${byHost("sum", `system_memory_usage_bytes{${labels.memoryState}="used",${matchers}}`)} / ${byHost("sum", `system_memory_usage_bytes{${matchers}}`)}`;

/** The rate between a host's last two samples, however often it reports. */
const latestRate = (selector: string) => `irate(${selector}[5m])`;

/** The busy part of all cores, as the host says it or from its counters. */
const busyNow = (matchers: string) =>
  `100 * (1 - ${byHost("avg", `system_cpu_utilization_ratio{${labels.cpuMode}="idle",${matchers}}`)})` +
  ` or 100 * (1 - ${byHost("avg", latestRate(`system_cpu_time_seconds_total{${labels.cpuMode}="idle",${matchers}}`))})`;

/** The fullest filesystem of each host, with its mount point. */
const fullest = (matchers: string) => {
  const place = `by (${hostLabel}, ${labels.mountpoint})`;
  const usage = (states: string) => `max ${place} (sum by (${hostLabel}, ${labels.mountpoint}, system_device) (system_filesystem_usage_bytes{${labels.filesystemState}=~"${states}",${virtualFilesystems},${matchers}}))`;
  return `topk by (${hostLabel}) (1, 100 * (max ${place} (system_filesystem_utilization_ratio{${virtualFilesystems},${matchers}}) or ${usage("used")} / ${usage("used|free")}))`;
};

/**
 * listFacts is what the list shows of each host now, told apart by the label "fact". `seen` is
 * the Unix time of the newest sample, `reports` how many there were in five minutes.
 */
export const listFacts = [
  fact("seen", `${byHost("max", `timestamp(system_memory_usage_bytes{${known}})`)} or ${byHost("max", `timestamp(system_cpu_load_average_1m{${known}})`)} or ${byHost("max", `timestamp(system_cpu_utilization_ratio{${known}})`)}`),
  fact("reports", `${byHost("max", `count_over_time(system_memory_usage_bytes{${known}}[5m])`)} or ${byHost("max", `count_over_time(system_cpu_load_average_1m{${known}}[5m])`)}`),
  fact("cpu", busyNow(known)),
  fact("memory", memoryPart(known)),
  fact("memoryUsed", byHost("sum", `system_memory_usage_bytes{${labels.memoryState}="used",${known}}`)),
  fact("memoryTotal", byHost("sum", `system_memory_usage_bytes{${known}}`)),
  fact("disk", fullest(known)),
  fact("netIn", byHost("sum", latestRate(`system_network_io_bytes_total{${labels.network}="receive",${known}}`))),
  fact("netOut", byHost("sum", latestRate(`system_network_io_bytes_total{${labels.network}="transmit",${known}}`))),
  fact("load", byHost("max", `system_cpu_load_average_1m{${known}}`)),
  fact("cores", `${byHost("max", `system_cpu_logical_count{${known}}`)} or ${byHost("count", `system_cpu_time_seconds_total{${labels.cpuMode}="idle",${known}}`)}`),
  fact("uptime", byHost("max", `system_uptime_seconds{${known}}`)),
].join(" or ");

/** What hosts say of themselves, within a time: the resource attributes host.* and os.*. */
export const hostInfo = (seconds: number, host?: string) =>
  `group by (${hostLabel}, host_id, host_arch, os_type, os_description, os_version, service, service_version, cloud_region, deployment_environment_name)` +
  ` (last_over_time(target_info{${host === undefined ? known : `${hostLabel}=${quote(host)}`},os_type!=""}[${Math.ceil(seconds)}s]))`;

/** When hosts that are silent now reported last, as Unix time; without names, of every host. */
export function lastSeen(hosts: readonly string[] | undefined, seconds: number): string {
  const step = Math.max(60, Math.ceil(seconds / 240));
  const some = hosts ? oneOf(hosts) : known;
  const times = `timestamp(system_memory_usage_bytes{${some}}) or timestamp(system_cpu_load_average_1m{${some}})`;
  return byHost("max", `max_over_time((${times})[${Math.ceil(seconds)}s:${step}s])`);
}

/** The little lines of the list, for the hosts in sight. */
export const sparks =
  (hosts: readonly string[]): QueryOfStep =>
  (step) => {
    const some = oneOf(hosts);
    const window = `${Math.max(60, step * 2)}s`;
    const cpu =
      `100 * (1 - ${byHost("avg", `avg_over_time(system_cpu_utilization_ratio{${labels.cpuMode}="idle",${some}}[${Math.max(15, step)}s])`)})` +
      ` or 100 * (1 - ${byHost("avg", `rate(system_cpu_time_seconds_total{${labels.cpuMode}="idle",${some}}[${window}])`)})`;
    const network = byHost("sum", `rate(system_network_io_bytes_total{${some}}[${window}])`);
    return `${fact("cpu", cpu)} or ${fact("network", network)}`;
  };

/** of selects one host's series. */
export const of = (host: string, ...matchers: string[]) => `{${[`${hostLabel}=${quote(host)}`, ...matchers].join(",")}}`;

export { perSecond, virtualFilesystems };
