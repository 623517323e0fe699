// Changes of a panel's settings, as pure functions: what a document already says and we don't
// show is kept.

import type { Panel, PanelQuery } from "../../api/dashboards";
import type { Unit } from "../../format/units";
import { isLogsQuery, kindOf, kinds, logsQuery, metricsQuery, type PanelKind } from "../document";
import type { Calculation, ThresholdStep } from "../panels/data";
import { has, objectOf, thresholdsOf, type Drawing, type LegendMode } from "../panels/spec";
import { formatOfUnit, unitOfFormat, type Format } from "../units";

type Spec = Record<string, unknown>;

export function setSpec(panel: Panel, changes: Spec): Panel {
  const spec: Spec = { ...panel.spec.plugin.spec };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete spec[name];
    else spec[name] = value;
  }
  return { ...panel, spec: { ...panel.spec, plugin: { ...panel.spec.plugin, spec } } };
}

/** without leaves out what is undefined. */
function without(values: Spec): Spec {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

const isTimeSeries = (panel: Panel) => panel.spec.plugin.kind === "TimeSeriesChart";

/** A time series has its unit on its axis, everything else by itself. */
export function unitOf(panel: Panel): Unit {
  const { spec } = panel.spec.plugin;
  return unitOfFormat((isTimeSeries(panel) ? objectOf(objectOf(spec, "yAxis"), "format") : objectOf(spec, "format")) as Format);
}

export function setUnit(panel: Panel, unit: Unit): Panel {
  const format = formatOfUnit(unit);
  if (isTimeSeries(panel)) return setSpec(panel, { yAxis: { ...objectOf(panel.spec.plugin.spec, "yAxis"), format } });
  return setSpec(panel, { format });
}

export function setDrawing(panel: Panel, drawing: Drawing): Panel {
  const { display: _, stack: __, areaOpacity, ...others } = objectOf(panel.spec.plugin.spec, "visual");
  const opacity = typeof areaOpacity === "number" && areaOpacity > 0 ? areaOpacity : 0.4;
  const drawn = { line: {}, area: { areaOpacity: opacity }, stacked: { areaOpacity: opacity, stack: "all" }, bar: { display: "bar" } }[drawing];
  return setSpec(panel, { visual: { ...others, ...drawn } });
}

export function setLegend(panel: Panel, legend: LegendMode): Panel {
  if (legend === "none") return setSpec(panel, { legend: undefined });
  const before = objectOf(panel.spec.plugin.spec, "legend");
  return setSpec(panel, { legend: { position: "bottom", ...before, mode: legend, ...(legend === "table" && !has(before, "values") ? { values: ["last", "min", "max", "mean"] } : {}) } });
}

export function setAxis(panel: Panel, changes: { min?: number | undefined; max?: number | undefined; logBase?: number | undefined }): Panel {
  return setSpec(panel, { yAxis: without({ ...objectOf(panel.spec.plugin.spec, "yAxis"), ...changes }) });
}

export function setThresholds(panel: Panel, steps: readonly ThresholdStep[]): Panel {
  if (steps.length === 0) return setSpec(panel, { thresholds: undefined });
  return setSpec(panel, { thresholds: { ...thresholdsOf(panel.spec.plugin.spec), steps } });
}

export const setCalculation = (panel: Panel, calculation: Calculation): Panel => setSpec(panel, { calculation });

export function setDisplay(panel: Panel, changes: { name?: string; description?: string }): Panel {
  return { ...panel, spec: { ...panel.spec, display: { ...panel.spec.display, ...changes } } };
}

/** What carries over from one kind to another. */
function carried(panel: Panel, kind: PanelKind): Spec {
  if (kind === "Markdown" || kind === "LogsTable") return {};
  const format = formatOfUnit(unitOf(panel));
  const thresholds = thresholdsOf(panel.spec.plugin.spec);
  const shared = thresholds && kind !== "Table" && kind !== "BarChart" ? { thresholds } : {};
  if (kind === "TimeSeriesChart") return { ...shared, legend: { position: "bottom", mode: "list" }, yAxis: { format } };
  return { ...shared, format, ...(kind === "StatChart" ? { sparkline: {} } : {}) };
}

/** setKind makes another kind of panel of it; queries that the kind can't ask give way to an empty one. */
export function setKind(panel: Panel, kind: PanelKind): Panel {
  if (panel.spec.plugin.kind === kind) return panel;
  const asks = kinds.find((one) => one.kind === kind)?.asks ?? "metrics";
  const before = panel.spec.queries ?? [];
  const fitting = before.filter((query) => asks === "either" || (asks === "logs" ? isLogsQuery(query) : asks === "metrics" && !isLogsQuery(query)));
  const queries = asks === "nothing" ? [] : fitting.length > 0 ? fitting : [asks === "logs" ? logsQuery("*") : metricsQuery("")];
  const spec = kind === "Markdown" ? { text: "" } : carried(panel, kind);
  return { ...panel, spec: { ...panel.spec, plugin: { kind, spec }, queries: kind === "LogsTable" ? queries.slice(0, 1) : queries } };
}

function mapQuery(panel: Panel, index: number, change: (query: PanelQuery) => PanelQuery): Panel {
  return { ...panel, spec: { ...panel.spec, queries: (panel.spec.queries ?? []).map((query, i) => (i === index ? change(query) : query)) } };
}

export function setQuery(panel: Panel, index: number, changes: { query?: string; seriesNameFormat?: string | undefined; minStep?: string | undefined }): Panel {
  return mapQuery(panel, index, (query) => {
    const { plugin } = query.spec;
    const spec = without({ ...plugin.spec, ...changes }) as typeof plugin.spec;
    return { ...query, spec: { ...query.spec, plugin: { ...plugin, spec } } };
  });
}

/** setQueryKind asks the logs instead of the metrics, or the other way. */
export function setQueryKind(panel: Panel, index: number, logs: boolean): Panel {
  return mapQuery(panel, index, (query) => (isLogsQuery(query) === logs ? query : logs ? logsQuery("*") : metricsQuery("")));
}

export function addQuery(panel: Panel): Panel {
  const asks = kindOf(panel)?.asks;
  return { ...panel, spec: { ...panel.spec, queries: [...(panel.spec.queries ?? []), asks === "logs" ? logsQuery("*") : metricsQuery("")] } };
}

export function removeQuery(panel: Panel, index: number): Panel {
  return { ...panel, spec: { ...panel.spec, queries: (panel.spec.queries ?? []).filter((_, i) => i !== index) } };
}

