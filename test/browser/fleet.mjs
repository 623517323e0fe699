// Hosts and services that report to a server under test, as agents and programs do.

const step = 15;
/** How many samples go into a request. */
const batch = 500;

async function send(server, signal, records) {
  for (let i = 0; i < records.length; i += batch) await server.send(signal, records.slice(i, i + batch));
}

/** hostSamples is what a host says of itself at a time, in Unix seconds. */
export function hostSamples({ name, cpu = 0.2, memory = 0.4, disk = 0.3 }, time) {
  const at = new Date(time * 1000).toISOString();
  const sample = (metric_name, value, labels = {}) => ({ time: at, service: "host", instance_id: name, metric_name, value, labels: { host_name: name, ...labels } });
  const uptime = time % 1e6;
  const filesystem = { system_filesystem_mountpoint: "/data", system_filesystem_type: "ext4", system_device: "/dev/vdb" };
  return [
    sample("target_info", 1, { host_id: `id-of-${name}`, host_arch: "amd64", os_type: "linux", os_description: "Debian GNU/Linux 12" }),
    sample("system_cpu_utilization_ratio", 1 - cpu, { cpu_mode: "idle" }),
    sample("system_cpu_utilization_ratio", cpu, { cpu_mode: "user" }),
    sample("system_cpu_time_seconds_total", uptime * cpu, { cpu_mode: "user", cpu_logical_number: "0" }),
    sample("system_cpu_time_seconds_total", uptime * (1 - cpu), { cpu_mode: "idle", cpu_logical_number: "0" }),
    sample("system_cpu_load_average_1m", 4 * cpu),
    sample("system_cpu_logical_count", 4),
    sample("system_memory_usage_bytes", memory * 8e9, { system_memory_state: "used" }),
    sample("system_memory_usage_bytes", (1 - memory) * 8e9, { system_memory_state: "free" }),
    sample("system_filesystem_usage_bytes", disk * 1e11, { system_filesystem_state: "used", ...filesystem }),
    sample("system_filesystem_usage_bytes", (1 - disk) * 1e11, { system_filesystem_state: "free", ...filesystem }),
    sample("system_network_io_bytes_total", uptime * 1e6, { network_interface_name: "eth0", network_io_direction: "receive" }),
    sample("system_network_io_bytes_total", uptime * 2e6, { network_interface_name: "eth0", network_io_direction: "transmit" }),
    sample("system_uptime_seconds", uptime),
    sample("process_cpu_utilization_ratio", cpu / 2, { process_executable_name: "postgres", process_pid: "811" }),
    sample("process_memory_usage_bytes", 3e9, { process_executable_name: "postgres", process_pid: "811" }),
    sample("process_cpu_utilization_ratio", cpu / 9, { process_executable_name: "pgbouncer", process_pid: "812" }),
    sample("process_memory_usage_bytes", 6e9, { process_executable_name: "pgbouncer", process_pid: "812" }),
  ];
}

/** agentSamples is what the agent of a host says of itself; `failing` are parts with why they fail. */
export function agentSamples({ name, version = "1.4.0", failing = {} }, time) {
  const at = new Date(time * 1000).toISOString();
  const sample = (metric_name, value, labels = {}) => ({ time: at, service: "pharos-agent", instance_id: name, metric_name, value, labels: { host_name: name, ...labels } });
  const signal = { signal: "metrics" };
  const parts = [["receiver", "host"], ["receiver", "file_log/nginx"], ["processor", "memory_limiter"], ["exporter", "delivery"]];
  return [
    sample("target_info", 1, { host_id: `id-of-${name}`, host_arch: "amd64", os_type: "linux", os_description: "Debian GNU/Linux 12" }),
    sample("pharos_agent_info", 1, { version, config: "5f3a01bc" }),
    ...parts.map(([kind, part]) => sample("pharos_agent_part_up", failing[part] ? 0 : 1, { kind, part })),
    ...parts.filter(([, part]) => failing[part]).map(([kind, part]) => sample("pharos_agent_part_failure_seconds", time - 600, { kind, part, reason: failing[part] })),
    sample("process_memory_usage_bytes", 21e6),
    sample("process_cpu_time_seconds_total", (time % 1e6) * 0.001, { cpu_mode: "user" }),
    sample("process_uptime_seconds", time % 1e6),
    sample("go_goroutine_count", 14),
    sample("pharos_delivery_queue_items", 120, signal),
    sample("pharos_delivery_queue_bytes", 90_000, signal),
    sample("pharos_delivery_queue_age_seconds", 4, signal),
    sample("pharos_delivery_delivered_items_total", (time % 1e6) * 100, signal),
    sample("pharos_delivery_last_success_seconds", time - 3, signal),
    sample("pharos_plugin_state", 1, { plugin: "plugin/orders-db", state: "running" }),
    sample("pharos_plugin_restarts_total", 2, { plugin: "plugin/orders-db", reason: "ended" }),
    sample("pharos_plugin_memory_usage_bytes", 17e6, { plugin: "plugin/orders-db" }),
  ];
}

/** serviceSamples is what a program measures at a time: requests, of which a part fails, and more. */
export function serviceSamples({ name, instance, host, failing = 0, environment = "production" }, time) {
  const at = new Date(time * 1000).toISOString();
  const common = { host_name: host, deployment_environment_name: environment };
  const sample = (metric_name, value, labels = {}) => ({ time: at, service: name, instance_id: instance, metric_name, value, labels: { ...common, ...labels } });
  const requests = (time % 1e6) * 10;
  const family = "http_server_request_duration_seconds";
  const route = { http_route: "/orders", http_request_method: "POST" };
  return [
    sample("target_info", 1, { service_version: "1.2.3" }),
    ...[["200", 1 - failing], ["500", failing]].flatMap(([http_response_status_code, part]) => {
      const labels = { ...route, http_response_status_code };
      return [
        sample(`${family}_count`, requests * part, labels),
        sample(`${family}_sum`, requests * part * 0.05, labels),
        ...[["0.1", 0.9], ["1", 1], ["+Inf", 1]].map(([le, below]) => sample(`${family}_bucket`, requests * part * below, { ...labels, le })),
      ];
    }),
    sample("jobs_done_total", requests / 3),
    sample("process_memory_usage_bytes", 2e8),
  ];
}

/** series calls for samples in steps, from so many seconds ago up to so many seconds ago. */
export function over(from, to, samples) {
  const now = Date.now() / 1000;
  const all = [];
  for (let time = now - from; time <= now - to; time += step) all.push(...samples(time));
  return all;
}

/** report sends the past of hosts, agents and services, and goes on reporting until the result is called. */
export async function report(server, { hosts = [], agents = [], services = [] }) {
  const samples = (time) => [...hosts.flatMap((host) => hostSamples(host, time)), ...agents.flatMap((agent) => agentSamples(agent, time)), ...services.flatMap((service) => serviceSamples(service, time))];
  await send(server, "metrics", over(600, 0, samples));
  const timer = setInterval(() => send(server, "metrics", samples(Date.now() / 1000)).catch(() => undefined), 3000);
  return () => clearInterval(timer);
}

export { send };
