// All PromQL of the Hosts pages. Names are those of the host receiver (system.* and process.*
// after Prometheus' translation). What the list asks is asked once for all hosts.

import { hostLabel, labels, quote } from "../overview/queries";
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
 * factsOf is what is known of hosts now, told apart by the label "fact". `seen` is the Unix time
 * of the newest sample, `reports` how many there were in five minutes.
 */
function factsOf(matchers: string): string {
  const first = (aggregate: string, ...queries: string[]) => queries.map((query) => byHost(aggregate, query)).join(" or ");
  const memory = `system_memory_usage_bytes{${matchers}}`;
  const load = `system_cpu_load_average_1m{${matchers}}`;
  const network = (direction: string) => byHost("sum", latestRate(`system_network_io_bytes_total{${labels.network}="${direction}",${matchers}}`));
  return [
    fact("seen", first("max", `timestamp(${memory})`, `timestamp(${load})`, `timestamp(system_cpu_utilization_ratio{${matchers}})`)),
    fact("reports", first("max", `count_over_time(${memory}[5m])`, `count_over_time(${load}[5m])`)),
    fact("cpu", busyNow(matchers)),
    fact("memory", memoryPart(matchers)),
    fact("memoryUsed", byHost("sum", `system_memory_usage_bytes{${labels.memoryState}="used",${matchers}}`)),
    fact("memoryTotal", byHost("sum", memory)),
    fact("disk", fullest(matchers)),
    fact("netIn", network("receive")),
    fact("netOut", network("transmit")),
    fact("load", byHost("max", load)),
    fact("cores", `${byHost("max", `system_cpu_logical_count{${matchers}}`)} or ${byHost("count", `system_cpu_time_seconds_total{${labels.cpuMode}="idle",${matchers}}`)}`),
    fact("uptime", byHost("max", `system_uptime_seconds{${matchers}}`)),
  ].join(" or ");
}

/** listFacts is about all hosts at once. */
export const listFacts = factsOf(known);

export const hostFacts = (host: string) => factsOf(`${hostLabel}=${quote(host)}`);

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

/** rateOf is a counter's rate: on a fine grid between its last two samples, else over the step. */
export const rateOf = (selector: string, step: number) => (step < 10 ? `irate(${selector}[2m])` : `rate(${selector}[${Math.max(120, step * 2)}s])`);

/**
 * Each process with what it uses, told apart by the label "fact". The window leaves out those
 * that ended: their series are not marked as stale.
 */
export function processes(host: string, window: number): string {
  const by = `by (${labels.process}, process_pid)`;
  // Programs that tell of themselves, as the agent does, have no number.
  const last = (metric: string) => `max ${by} (last_over_time(${metric}${of(host, 'process_pid!=""')}[${Math.ceil(window)}s]))`;
  return [
    fact("cpu", `100 * ${last("process_cpu_utilization_ratio")}`),
    fact("memory", last("process_memory_usage_bytes")),
    fact("threads", last("process_thread_count")),
    fact("files", last("process_unix_file_descriptor_count")),
    fact("uptime", last("process_uptime_seconds")),
  ].join(" or ");
}

/** Each filesystem with its states, and those of its inodes. */
export function filesystems(host: string): string {
  const by = `by (${labels.mountpoint}, ${labels.filesystemType}, system_device, ${labels.filesystemState})`;
  const some = of(host, virtualFilesystems);
  return `${fact("bytes", `sum ${by} (system_filesystem_usage_bytes${some})`)} or ${fact("inodes", `sum ${by} (system_filesystem_inodes_usage${some})`)}`;
}

/** The instances of services that send metrics from a host. */
export const servicesOn = (host: string) => `count by (service, instance) (${of(host, 'service!=""', 'service!="host"', '__name__!="target_info"')})`;

/** The log lines of a host. */
export const hostLogs = (host: string) => `host.name:=${quote(host)}`;

export { quote, virtualFilesystems };
