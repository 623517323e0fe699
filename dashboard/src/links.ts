// The addresses of pages, for links from one page to another. A page's parser and its link are
// tested together, so that what one writes the other reads.

import { stringifySearch } from "./search";
import type { TimeRange } from "./time/range";

/** The time to take along; without it a page opens with its default. */
export type LinkTime = Partial<TimeRange> | undefined;

function href(path: string, search: Record<string, string | undefined>): string {
  return path + stringifySearch(search);
}

/** metricsLink opens Metrics with PromQL queries: the first is `q`, the others `q2`, `q3`... */
export function metricsLink(queries: readonly string[], time?: LinkTime): string {
  const named = Object.fromEntries(queries.map((query, i) => [i === 0 ? "q" : `q${i + 1}`, query]));
  return href("/metrics", { ...named, from: time?.from, to: time?.to });
}

/** logsLink opens Logs with a filter. */
export function logsLink(query: string, time?: LinkTime): string {
  return href("/logs", { query: query === "" ? undefined : query, from: time?.from, to: time?.to });
}

export function hostLink(host: string, time?: LinkTime): string {
  return href(`/hosts/${encodeURIComponent(host)}`, { from: time?.from, to: time?.to });
}

export function serviceLink(service: string, time?: LinkTime): string {
  return href(`/services/${encodeURIComponent(service)}`, { from: time?.from, to: time?.to });
}

/** dashboardLink opens a dashboard; commas part values there, so one in a value is escaped. */
export function dashboardLink(id: string, variables: Record<string, string> = {}, time?: LinkTime): string {
  const named = Object.fromEntries(Object.entries(variables).map(([name, value]) => [`var-${name}`, value.replaceAll(/[\\,]/g, "\\$&")]));
  return href(`/dashboards/${encodeURIComponent(id)}`, { ...named, from: time?.from, to: time?.to });
}

/** hostsLink opens the list of hosts. */
export function hostsLink(time?: LinkTime): string {
  return href("/hosts", { from: time?.from, to: time?.to });
}

/** servicesLink opens the list of services. */
export function servicesLink(time?: LinkTime): string {
  return href("/services", { from: time?.from, to: time?.to });
}

/** settingsLink opens a tab of the settings. */
export function settingsLink(tab: "keys" | "health" | "usage" | "account" | "appearance" | "about"): string {
  return href("/settings", { tab: tab === "keys" ? undefined : tab });
}

/** sendLink shows how to send data in a certain way. */
export function sendLink(way?: "curl" | "go" | "python" | "node" | "java" | "collector" | "host" | "prometheus"): string {
  return href("/send", { way });
}
