// Writes PromQL for what was chosen in the builder.

import { needsWindow, type BuilderQuery, type Filter } from "./model";

/** quote writes a text as a PromQL string. */
export function quote(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

const plainMetric = /^[A-Za-z_:][\w:]*$/;
const plainLabel = /^[A-Za-z_]\w*$/;

export function labelName(label: string): string {
  return plainLabel.test(label) ? label : quote(label);
}

/** selector writes which series of a metric are meant; a filter that is not finished is left out. */
export function selector(metric: string, filters: readonly Filter[]): string {
  const matchers = filters.filter((f) => f.label !== "" && f.value !== "").map((f) => `${labelName(f.label)}${f.op}${quote(f.value)}`);
  if (!plainMetric.test(metric)) matchers.unshift(quote(metric));
  const name = plainMetric.test(metric) ? metric : "";
  return matchers.length === 0 ? name : `${name}{${matchers.join(", ")}}`;
}

function by(labels: readonly string[]): string {
  return labels.length === 0 ? "" : ` by (${labels.map(labelName).join(", ")}) `;
}

function aggregated(query: BuilderQuery, inner: string, extra: readonly string[] = []): string {
  const { op, by: labels, quantile } = query.aggregation;
  if (op === "none") return inner;
  const kept = [...extra, ...labels.filter((label) => !extra.includes(label))];
  return op === "quantile" ? `quantile${by(kept)}(${quantile}, ${inner})` : `${op}${by(kept)}(${inner})`;
}

function ofHistogram(query: BuilderQuery): string {
  const rate = (part: string) => `rate(${selector(query.metric + part, query.filters)}[${query.window}])`;
  // Buckets and counts can only be added up: any other way of joining them has no meaning.
  const summed: BuilderQuery = query.aggregation.op === "none" ? query : { ...query, aggregation: { ...query.aggregation, op: "sum" } };
  switch (query.fn) {
    case "quantile":
      return `histogram_quantile(${query.quantile}, ${aggregated(summed, rate(query.native ? "" : "_bucket"), query.native ? [] : ["le"])})`;
    case "mean":
      return query.native ? `histogram_avg(${aggregated(summed, rate(""))})` : `${aggregated(summed, rate("_sum"))} / ${aggregated(summed, rate("_count"))}`;
    default:
      return query.native ? `histogram_count(${aggregated(summed, rate(""))})` : aggregated(query, rate("_count"));
  }
}

function expression(query: BuilderQuery): string {
  if (query.fn === "quantile" || query.fn === "mean" || query.fn === "observations") return ofHistogram(query);
  const series = selector(query.metric, query.filters);
  return aggregated(query, needsWindow(query.fn) ? `${query.fn}(${series}[${query.window}])` : series);
}

/** writeQuery is the PromQL of a builder's query; empty until there is a metric. */
export function writeQuery(query: BuilderQuery): string {
  if (query.metric === "") return "";
  const inner = expression(query);
  return query.top ? `${query.top.op}(${query.top.k}, ${inner})` : inner;
}
