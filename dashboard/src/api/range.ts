// Range queries that are cut to a chart: as many points as it has pixels, and its largest series.

import { request } from "./client";
import type { Schemas } from "./types";

/** Which series are kept when there are more than asked for. */
export type SeriesOrder = "max" | "last" | "avg" | "name";

export interface RangeRequest {
  query: string;
  /** Unix seconds. */
  from: number;
  to: number;
  /** About how many points each series is to have. */
  points: number;
  /** How many series are answered. */
  limit: number;
  order: SeriesOrder;
  /** The finest step to evaluate at, in seconds; a second without a word. */
  step?: number | undefined;
}

export type RangeAnswer = Schemas["RangeAnswer"];

/** queryChart asks for what a chart draws. */
export function queryChart({ step, ...wanted }: RangeRequest, signal: AbortSignal): Promise<RangeAnswer> {
  const body = { ...wanted, from: iso(wanted.from), to: iso(wanted.to), ...(step ? { step: `${step}s` } : {}) };
  return request<RangeAnswer>("/v1/query/range", { method: "POST", body, signal });
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
