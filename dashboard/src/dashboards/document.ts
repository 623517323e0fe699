// What is in a dashboard's document: the kinds of panels, how sections refer to them, and how to
// begin a new one. The shape is that of Perses; operations.ts changes it.

import type { DashboardDocument, GridItem, GridSection, Panel, PanelQuery, Variable } from "../api/dashboards";

/** The width of the grid. */
export const columns = 24;
/** The height of a row of the grid and the space between panels, in pixels. */
export const rowHeight = 30;
export const gap = 10;
export const leastWidth = 3;
export const leastHeight = 2;

export type PanelKind = "TimeSeriesChart" | "StatChart" | "GaugeChart" | "Table" | "BarChart" | "LogsTable" | "Markdown";

export interface KindInfo {
  kind: PanelKind;
  name: string;
  /** What it is for, in a few words. */
  purpose: string;
  width: number;
  height: number;
  /** What its queries ask: metrics, logs, either, or nothing. */
  asks: "metrics" | "logs" | "either" | "nothing";
}

export const kinds: readonly KindInfo[] = [
  { kind: "TimeSeriesChart", name: "Time series", purpose: "Values over time", width: 12, height: 8, asks: "metrics" },
  { kind: "StatChart", name: "Stat", purpose: "One number and its trend", width: 6, height: 4, asks: "metrics" },
  { kind: "GaugeChart", name: "Gauge", purpose: "How much of a limit is used", width: 6, height: 6, asks: "metrics" },
  { kind: "Table", name: "Table", purpose: "The newest value of each series, with its labels", width: 12, height: 8, asks: "metrics" },
  { kind: "BarChart", name: "Bars", purpose: "The largest values, or log lines over time", width: 8, height: 8, asks: "either" },
  { kind: "LogsTable", name: "Logs", purpose: "The newest log lines of a filter", width: 24, height: 9, asks: "logs" },
  { kind: "Markdown", name: "Text", purpose: "Notes and links in Markdown", width: 8, height: 5, asks: "nothing" },
];

export function kindOf(panel: Panel): KindInfo | undefined {
  return kinds.find(({ kind }) => kind === panel.spec.plugin.kind);
}

const refPrefix = "#/spec/panels/";

export function refOf(key: string): string {
  return refPrefix + key;
}

/** keyOfRef is the panel that an item of the grid shows; undefined when it refers to nothing. */
export function keyOfRef(item: GridItem): string | undefined {
  const ref = item.content?.$ref ?? "";
  return ref.startsWith(refPrefix) ? ref.slice(refPrefix.length) : undefined;
}

export function metricsQuery(query: string, more: { seriesNameFormat?: string; minStep?: string } = {}): PanelQuery {
  return { kind: "TimeSeriesQuery", spec: { plugin: { kind: "PrometheusTimeSeriesQuery", spec: { query, ...more } } } };
}

export function logsQuery(query: string): PanelQuery {
  return { kind: "LogQuery", spec: { plugin: { kind: "PharosLogQuery", spec: { query } } } };
}

export const isLogsQuery = (query: PanelQuery) => query.kind === "LogQuery";
export const textOf = (query: PanelQuery) => query.spec.plugin.spec.query ?? "";

export function panelName(panel: Panel | undefined): string {
  return panel?.spec.display?.name?.trim() || (panel ? (kindOf(panel)?.name ?? "Panel") : "Panel");
}

export function newPanel(kind: PanelKind, name: string, queries: PanelQuery[] = [], spec: Record<string, unknown> = {}): Panel {
  return { kind: "Panel", spec: { display: { name }, plugin: { kind, spec }, queries } };
}

export function newDocument(name: string): DashboardDocument {
  return {
    kind: "Dashboard",
    metadata: { name: "" },
    spec: { display: { name }, tags: [], duration: "1h", refreshInterval: "0s", variables: [], panels: {}, layouts: [{ kind: "Grid", spec: { items: [] } }] },
  };
}

export const sectionTitle = (section: GridSection) => section.spec.display?.title ?? "";
/** A section without a title has no head to fold it by. */
export const startsOpen = (section: GridSection) => sectionTitle(section) === "" || section.spec.display?.collapse?.open !== false;

export const variableLabel = (variable: Variable) => variable.spec.display?.name?.trim() || variable.spec.name;

/** withoutHistory is the document as a new one: without id, version, and who saved it. */
export function withoutHistory(document: DashboardDocument): DashboardDocument {
  return { kind: "Dashboard", metadata: { name: "" }, spec: structuredClone(document.spec) };
}

/** The dashboards that come with the program have ids of their own; they can be copied, not changed. */
export const isBuiltin = (id: string) => id.startsWith("pharos-");
