// What the Metrics page keeps in the address: its queries as q, q2, q3... each with its legend
// format (legend, legend2...), and how they are shown.

import type { PageSearch, SearchChanges } from "../useChangeSearch";

export const chartKinds = ["line", "area", "stacked", "bar"] as const;
export type MetricsChartKind = (typeof chartKinds)[number];

export const views = ["chart", "table", "values"] as const;
export type MetricsView = (typeof views)[number];

export interface QueryEntry {
  text: string;
  /** How its series are named, such as "{{service}}"; empty for what tells them apart. */
  legend: string;
  hidden: boolean;
  /** It is edited in the builder. */
  builder: boolean;
}

export interface MetricsState {
  queries: QueryEntry[];
  view: MetricsView;
  kind: MetricsChartKind;
  log: boolean;
  /** A unit that was chosen in place of the one of the metrics. */
  unit: string | undefined;
  /** What is looked for in the list of metrics, and the service it is about. */
  find: string;
  service: string | undefined;
}

/** No more queries than this: they are letters, and a chart of more is not read. */
export const mostQueries = 20;

export const emptyEntry: QueryEntry = { text: "", legend: "", hidden: false, builder: false };

const numbered = /^(q|legend)(\d*)$/;

function nameOf(name: "q" | "legend", index: number): string {
  return index === 0 ? name : `${name}${index + 1}`;
}

function oneOf<T extends string>(known: readonly T[], text: string | undefined): T {
  return known.find((value) => value === text) ?? known[0]!;
}

function numbersIn(text: string | undefined): Set<number> {
  return new Set((text ?? "").split(",").map(Number));
}

/** parseMetrics reads the address; whatever can't be read is as if it were not there. */
export function parseMetrics(search: PageSearch): MetricsState {
  const numbers = Object.keys(search).flatMap((name) => {
    const match = numbered.exec(name);
    return match?.[1] === "q" ? [match[2] === "" ? 1 : Number(match[2])] : [];
  });
  const rows = Number(search["rows"]);
  const count = Math.min(mostQueries, Math.max(1, Number.isInteger(rows) ? rows : 1, ...numbers));
  const hidden = numbersIn(search["hide"]);
  const built = numbersIn(search["build"]);
  return {
    queries: Array.from({ length: count }, (_, i) => ({
      text: search[nameOf("q", i)] ?? "",
      legend: search[nameOf("legend", i)] ?? "",
      hidden: hidden.has(i + 1),
      builder: built.has(i + 1),
    })),
    view: oneOf(views, search["view"]),
    kind: oneOf(chartKinds, search["kind"]),
    log: search["scale"] === "log",
    unit: search["unit"],
    find: search["find"] ?? "",
    service: search["service"],
  };
}

function said(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** writeMetrics writes what parseMetrics reads, and takes away what is no longer so. */
export function writeMetrics(state: MetricsState, previous: PageSearch = {}): SearchChanges {
  const changes: SearchChanges = {};
  for (const name of Object.keys(previous)) if (numbered.test(name)) changes[name] = undefined;
  const { queries } = state;
  queries.forEach((query, i) => {
    changes[nameOf("q", i)] = said(query.text);
    changes[nameOf("legend", i)] = said(query.legend);
  });
  const numbers = (is: (query: QueryEntry) => boolean) => said(queries.flatMap((query, i) => (is(query) ? [i + 1] : [])).join(","));
  changes["hide"] = numbers((query) => query.hidden);
  changes["build"] = numbers((query) => query.builder);
  // A last query that is still empty is not there as q; the number of rows tells of it.
  changes["rows"] = queries.length > 1 && queries.at(-1)?.text === "" ? String(queries.length) : undefined;
  changes["view"] = state.view === "chart" ? undefined : state.view;
  changes["kind"] = state.kind === "line" ? undefined : state.kind;
  changes["scale"] = state.log ? "log" : undefined;
  changes["unit"] = state.unit;
  changes["find"] = said(state.find);
  changes["service"] = state.service;
  return changes;
}

/** letterOf names a query: A, B, C... */
export function letterOf(index: number): string {
  return String.fromCodePoint(65 + index);
}
