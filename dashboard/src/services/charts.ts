// The charts of a service's page. Requests and runtimes are known by name; any other metric is
// drawn by what kind it is.

import type { Labels } from "../api/types";
import { perSecondOf, unitOf } from "../format/unit-of";
import type { Unit } from "../format/units";
import type { Lines } from "../hosts/lines";
import { durationQuantile, errorPart, families, requestRate, windowOf, type QueryOfStep, type RequestFamily } from "./queries";

export interface ServiceChart {
  id: string;
  title: string;
  unit: Unit;
  stacked?: boolean;
  max?: number;
  value?: "sum" | "none";
  hint?: string;
  query: QueryOfStep;
  lines: Lines;
}

export type MetricKind = "counter" | "gauge" | "histogram" | "summary" | "unknown";

/** A metric of a service: histograms and summaries are one, whatever series they are made of. */
export interface Metric {
  name: string;
  kind: MetricKind;
  unit: string | undefined;
  help: string | undefined;
  series: number;
}

interface Metadata {
  type: string;
  unit: string;
  help: string;
}

/** metricsOf joins the names of series into metrics, with what is known of each. */
export function metricsOf(names: ReadonlyMap<string, number>, metadata: Readonly<Record<string, readonly Metadata[]>>): Metric[] {
  const found = new Map<string, Metric>();
  for (const [name, series] of names) {
    if (name === "target_info" || name === "") continue;
    const base = name.replace(/_(bucket|sum|count)$/, "");
    const family = base !== name && (names.has(`${base}_bucket`) || ["histogram", "summary"].includes(metadata[base]?.[0]?.type ?? "")) ? base : name;
    const about = metadata[family]?.[0] ?? metadata[name]?.[0];
    const known = found.get(family);
    if (known) known.series += series;
    else found.set(family, { name: family, kind: kindOf(family, about?.type, names), unit: about?.unit || undefined, help: about?.help || undefined, series });
  }
  return [...found.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}

function kindOf(name: string, type: string | undefined, names: ReadonlyMap<string, number>): MetricKind {
  if (names.has(`${name}_bucket`)) return "histogram";
  if (type === "counter" || type === "gauge" || type === "histogram" || type === "summary") return type;
  return name.endsWith("_total") ? "counter" : "unknown";
}

/** familyOf is how a service's requests are measured, if they are. */
export function familyOf(metrics: readonly Metric[]): RequestFamily | undefined {
  return families.find((family) => metrics.some(({ name }) => name === family.metric));
}

const quantiles = [
  [0.5, "p50"],
  [0.95, "p95"],
  [0.99, "p99"],
] as const;

const named = (name: string, query: string) => `label_replace(${query}, "line", "${name}", "", "")`;
const naming: Lines = { label: "line", naming: quantiles.map(([, name]) => [name, name] as const) };

/** requestCharts are rate, errors and durations: what tells whether a service does its work. */
export function requestCharts(family: RequestFamily, matchers: string): ServiceChart[] {
  const { kind, status } = family;
  return [
    {
      id: "requests",
      title: "Requests",
      unit: "perSecond",
      stacked: true,
      value: "sum",
      query: (step) => requestRate(family, status, matchers, windowOf(step)),
      lines: (labels) => labels[status] ?? "all",
      hint: `${kind} requests answered, by status`,
    },
    {
      id: "errors",
      title: "Failed requests",
      unit: "percent",
      value: "sum",
      query: (step) => errorPart(family, "", matchers, windowOf(step)),
      lines: () => "Failed",
      hint: kind === "HTTP" ? "Part of the requests answered with a status of 500 or more" : "Part of the calls that ended with an error of the server",
    },
    {
      id: "duration",
      title: "Duration",
      unit: "seconds",
      query: (step) => quantiles.map(([q, name]) => named(name, `(${durationQuantile(family, q, "", matchers, windowOf(step))})`)).join(" or "),
      lines: naming,
      hint: "50, 95 and 99 of 100 requests were faster",
    },
    {
      id: "routes",
      title: `Requests by ${kind === "HTTP" ? "route" : "method"}`,
      unit: "perSecond",
      query: (step) => requestRate(family, groupOf(family), matchers, windowOf(step)),
      lines: (labels) => routeName(family, labels),
    },
    {
      id: "route-errors",
      title: `Failed by ${kind === "HTTP" ? "route" : "method"}`,
      unit: "percent",
      query: (step) => errorPart(family, groupOf(family), matchers, windowOf(step)),
      lines: (labels) => routeName(family, labels),
    },
    {
      id: "route-duration",
      title: `p95 by ${kind === "HTTP" ? "route" : "method"}`,
      unit: "seconds",
      query: (step) => durationQuantile(family, 0.95, groupOf(family), matchers, windowOf(step)),
      lines: (labels) => routeName(family, labels),
    },
  ];
}

const groupOf = ({ kind, route }: RequestFamily) => (kind === "HTTP" ? `http_request_method, ${route}` : `rpc_service, ${route}`);

function routeName({ kind, route }: RequestFamily, labels: Labels): string {
  const parts = kind === "HTTP" ? [labels["http_request_method"], labels[route]] : [labels["rpc_service"], labels[route]];
  return parts.filter(Boolean).join(" ") || "other";
}

/** Metrics of programs and their languages, the most telling first. */
const runtimeOrder = [
  /^process_cpu_(utilization_ratio|seconds_total|time_seconds_total)$/,
  /^process_(memory_usage_bytes|resident_memory_bytes)$/,
  /^(jvm_memory_used_bytes|go_memory_used_bytes|go_memstats_heap_inuse_bytes)$/,
  /^(jvm_thread_count|go_goroutine_count|go_goroutines|nodejs_eventloop_utilization_ratio|cpython_gc_collections_total)$/,
  /^jvm_gc_duration_seconds$/,
  /^process_(open_fds|unix_file_descriptor_count|open_file_descriptor_count)$/,
  /^jvm_cpu_recent_utilization_ratio$/,
];

/** isRuntime says whether a metric is about the program itself and not about its work. */
export function isRuntime(name: string): boolean {
  return /^(process|go|jvm|nodejs|v8js|cpython|python|dotnet|clr|ruby|otelcol_process)_/.test(name);
}

/** byImportance puts the telling runtime metrics first. */
export function byImportance(metrics: readonly Metric[]): Metric[] {
  const rank = ({ name }: Metric) => {
    const at = runtimeOrder.findIndex((pattern) => pattern.test(name));
    return at < 0 ? runtimeOrder.length : at;
  };
  return metrics.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** worthDrawing leaves out what never changes: build information, bounds, times of creation. */
export function worthDrawing({ name }: Metric): boolean {
  return !/(_info|_created|_limit|_max|_bytes_max|_start_time_seconds|_last_gc_time_seconds|_fds_max|max_fds)$/.test(name);
}

const instanceName = (labels: Labels) => labels["instance"] ?? "all";

/** metricChart draws a metric by its kind: rates of counters, quantiles of histograms. */
export function metricChart(metric: Metric, matchers: string): ServiceChart {
  const { name, kind, help } = metric;
  const unit = unitOf(name, metric.unit);
  const some = `{${matchers}}`;
  const common = { id: name, title: name, ...(help ? { hint: help } : {}) };
  switch (kind) {
    case "counter":
      return { ...common, unit: perSecondOf(unit), value: "sum", query: (step) => `sum by (instance) (rate(${name}${some}[${windowOf(step)}]))`, lines: instanceName };
    case "histogram":
      return {
        ...common,
        unit,
        query: (step) =>
          quantiles
            .map(([q, line]) => named(line, `(histogram_quantile(${q}, sum by (le) (rate(${name}_bucket${some}[${windowOf(step)}]))) or histogram_quantile(${q}, sum(rate(${name}${some}[${windowOf(step)}]))))`))
            .join(" or "),
        lines: naming,
      };
    case "summary":
      return { ...common, unit, query: (step) => `sum by (instance) (rate(${name}_sum${some}[${windowOf(step)}])) / sum by (instance) (rate(${name}_count${some}[${windowOf(step)}]))`, lines: instanceName };
    default: {
      // Parts of a whole make no sense added up.
      const aggregate = unit === "ratio" || unit === "percent" || unit === "celsius" || unit === "timestamp" ? "avg" : "sum";
      return { ...common, unit, query: () => `${aggregate} by (instance) (${name}${some})`, lines: instanceName };
    }
  }
}
