// Says in plain words what a query of the builder does.

import { autoWindow, type BuilderFunction, type BuilderQuery, type FilterOp } from "./model";

const words: Record<FilterOp, string> = { "=": "is", "!=": "is not", "=~": "matches", "!~": "does not match" };

const shows: Record<BuilderFunction, (metric: string, query: BuilderQuery) => string> = {
  value: (metric) => `The value of ${metric}`,
  rate: (metric) => `How fast ${metric} grows each second`,
  increase: (metric, query) => `How much ${metric} grew${over(query)}`,
  irate: (metric) => `How fast ${metric} grew each second between its last two samples`,
  avg_over_time: (metric, query) => `The average of ${metric}${over(query)}`,
  min_over_time: (metric, query) => `The lowest value of ${metric}${over(query)}`,
  max_over_time: (metric, query) => `The highest value of ${metric}${over(query)}`,
  delta: (metric, query) => `How much ${metric} changed${over(query)}`,
  deriv: (metric) => `How fast ${metric} changes each second`,
  quantile: (metric, query) => `The value that ${percent(query.quantile)} of the observations of ${metric} stay below`,
  mean: (metric) => `The average observation of ${metric}`,
  observations: (metric) => `How many observations of ${metric} there are each second`,
};

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(3))} %`;
}

function over({ window }: BuilderQuery): string {
  return window === autoWindow ? " since the point before" : ` in the last ${window}`;
}

function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

function joined({ aggregation, fn }: BuilderQuery): string {
  const { op, by, quantile } = aggregation;
  if (op === "none") return ", for each series";
  const each = by.length === 0 ? "all series together" : `each ${list(by)}`;
  if (fn === "quantile" || fn === "mean") return `, for ${each}`;
  const how = { sum: "added up", avg: "averaged", min: "the lowest", max: "the highest", count: "counted", quantile: `at ${percent(quantile)}` }[op];
  return `, ${how} for ${each}`;
}

/** explain is one sentence; empty until there is a metric. */
export function explain(query: BuilderQuery): string {
  if (query.metric === "") return "";
  const filters = query.filters.filter((filter) => filter.label !== "" && filter.value !== "").map((filter) => `${filter.label} ${words[filter.op]} ${filter.value}`);
  const where = filters.length === 0 ? "" : `, where ${list(filters)}`;
  const kept = query.top ? `; only the ${query.top.op === "topk" ? "largest" : "smallest"} ${query.top.k} at each moment` : "";
  return `${shows[query.fn](query.metric, query)}${where}${joined(query)}${kept}.`;
}
