// The settings of panels as their documents hold them, read so that any document can be shown.

import type { Panel } from "../../api/dashboards";
import type { Unit } from "../../format/units";
import { unitOfFormat, type Format } from "../units";
import type { Thresholds } from "./data";

export type Drawing = "line" | "area" | "stacked" | "bar";
export type LegendMode = "list" | "table" | "none";

type Spec = Record<string, unknown>;
const object = (value: unknown): Spec => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Spec) : {});
const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);
const text = (value: unknown) => (typeof value === "string" ? value : undefined);

export interface TimeSeriesSettings {
  drawing: Drawing;
  legend: LegendMode;
  legendRight: boolean;
  unit: Unit;
  decimals: number | undefined;
  min: number | undefined;
  max: number | undefined;
  log: boolean;
  thresholds: Thresholds | undefined;
}

/** A legend is a list unless the document has none of it. */
function legendOf(spec: Spec): Pick<TimeSeriesSettings, "legend" | "legendRight"> {
  if (!("legend" in spec) || spec["legend"] === null) return { legend: "none", legendRight: false };
  const legend = object(spec["legend"]);
  const mode = text(legend["mode"]);
  return { legend: mode === "table" ? "table" : "list", legendRight: text(legend["position"])?.toLowerCase() === "right" };
}

export function timeSeriesSettings(panel: Panel): TimeSeriesSettings {
  const { spec } = panel.spec.plugin;
  const axis = object(spec["yAxis"]);
  const visual = object(spec["visual"]);
  const stacked = text(visual["stack"]) === "all" || text(visual["stack"]) === "percent";
  const bars = text(visual["display"]) === "bar";
  const drawing: Drawing = bars ? "bar" : stacked ? "stacked" : (number(visual["areaOpacity"]) ?? 0) > 0 ? "area" : "line";
  const format = object(axis["format"]) as Format;
  return {
    drawing,
    ...legendOf(spec),
    unit: unitOfFormat(format),
    decimals: number(format.decimalPlaces),
    min: number(axis["min"]),
    max: number(axis["max"]),
    log: (number(axis["logBase"]) ?? 0) > 1,
    thresholds: thresholdsOf(spec),
  };
}

export function thresholdsOf(spec: Spec): Thresholds | undefined {
  return "thresholds" in spec ? (object(spec["thresholds"]) as Thresholds) : undefined;
}

export const formatOf = (spec: Spec): Format => object(spec["format"]) as Format;
export const numberOf = (spec: Spec, name: string): number | undefined => number(spec[name]);
export const stringOf = (spec: Spec, name: string): string => text(spec[name]) ?? "";
export const objectOf = (spec: Spec, name: string): Spec => object(spec[name]);
export const has = (spec: Spec, name: string): boolean => spec[name] !== undefined && spec[name] !== null;
