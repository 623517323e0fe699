// What the query builder knows of a query: one metric, which of its series, what is done with
// them over time, how they are joined, and how many are kept.

export type MetricKind = "counter" | "gauge" | "histogram" | "summary";

export type FilterOp = "=" | "!=" | "=~" | "!~";

export interface Filter {
  label: string;
  op: FilterOp;
  value: string;
}

export type BuilderFunction =
  | "value"
  | "rate"
  | "increase"
  | "irate"
  | "avg_over_time"
  | "min_over_time"
  | "max_over_time"
  | "delta"
  | "deriv"
  | "quantile"
  | "mean"
  | "observations";

export type AggregationOp = "none" | "sum" | "avg" | "min" | "max" | "count" | "quantile";

export interface Aggregation {
  op: AggregationOp;
  /** The labels that stay; without any, all series become one. */
  by: string[];
  /** For quantile: from 0 to 1. */
  quantile: number;
}

export interface BuilderQuery {
  /** The metric's name; of a histogram, without _bucket, _sum and _count. */
  metric: string;
  filters: Filter[];
  fn: BuilderFunction;
  /** How far a function over time looks back: "$__rate_interval" or "5m". */
  window: string;
  /** For the quantile of a histogram: from 0 to 1. */
  quantile: number;
  /** A histogram whose buckets are inside its samples. */
  native: boolean;
  aggregation: Aggregation;
  top: { op: "topk" | "bottomk"; k: number } | undefined;
}

export const autoWindow = "$__rate_interval";

/** Functions that look back over a window. */
const overTime: ReadonlySet<BuilderFunction> = new Set<BuilderFunction>([
  "rate",
  "increase",
  "irate",
  "avg_over_time",
  "min_over_time",
  "max_over_time",
  "delta",
  "deriv",
  "quantile",
  "mean",
  "observations",
]);

export function needsWindow(fn: BuilderFunction): boolean {
  return overTime.has(fn);
}

export const functionLabels: Record<BuilderFunction, string> = {
  value: "Value",
  rate: "Per second (rate)",
  increase: "Increase",
  irate: "Per second, latest (irate)",
  avg_over_time: "Average over time",
  min_over_time: "Minimum over time",
  max_over_time: "Maximum over time",
  delta: "Change (delta)",
  deriv: "Slope (deriv)",
  quantile: "Percentile",
  mean: "Average",
  observations: "Observations per second",
};

const byKind: Record<MetricKind, readonly BuilderFunction[]> = {
  counter: ["rate", "increase", "irate", "value"],
  gauge: ["value", "avg_over_time", "min_over_time", "max_over_time", "delta", "deriv"],
  histogram: ["quantile", "mean", "observations"],
  summary: ["value", "mean", "observations"],
};

/** functionsOf lists what makes sense for a kind of metric, the usual one first. */
export function functionsOf(kind: MetricKind): readonly BuilderFunction[] {
  return byKind[kind];
}

export const noAggregation: Aggregation = { op: "none", by: [], quantile: 0.9 };

/** startOf is the query that a metric begins with: what one asks of such a metric first. */
export function startOf(metric: string, kind: MetricKind, options: { native?: boolean; service?: string | undefined } = {}): BuilderQuery {
  return {
    metric,
    filters: options.service ? [{ label: "service", op: "=", value: options.service }] : [],
    fn: byKind[kind][0] ?? "value",
    window: autoWindow,
    quantile: 0.95,
    native: options.native ?? false,
    aggregation: kind === "counter" || kind === "histogram" ? { ...noAggregation, op: "sum", by: ["service"] } : noAggregation,
    top: undefined,
  };
}
