// Which services a page's queries are about, to go from their metrics to their logs.

import type { Labels } from "../api/types";
import { readQuery } from "./builder/read";
import type { QueryEntry } from "./search";

/** More links than this say nothing. */
const most = 3;

/** servicesIn takes them from the filters of the queries, or from the series that they answer. */
export function servicesIn(queries: readonly QueryEntry[], series: readonly { labels: Labels }[]): string[] {
  const services = new Set<string>();
  for (const { text, hidden } of queries) {
    const reading = hidden || text === "" ? undefined : readQuery(text);
    if (reading && "query" in reading) for (const { label, op, value } of reading.query.filters) if (label === "service" && op === "=") services.add(value);
  }
  for (const { labels } of series) if (labels["service"]) services.add(labels["service"]);
  return services.size > most ? [] : [...services].toSorted();
}
