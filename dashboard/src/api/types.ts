// The shapes of the API that the dashboard reads: names for what schema.d.ts, written by
// scripts/generate-api.sh, has from the server.

import type { components } from "./schema";

export type Schemas = components["schemas"];

/** An RFC 9457 problem document. */
export type Problem = Schemas["Problem"];

/** A login: its tokens are in cookies, which scripts can't read. */
export type Session = Schemas["SessionBody"];

export type Me = Schemas["MeOutputBody"];

export type Labels = Record<string, string>;

/** A series of the Prometheus API: values are strings there. */
export interface RangeSeries {
  metric: Labels;
  values: [number, string][];
}

export interface InstantSeries {
  metric: Labels;
  value: [number, string];
}

export interface PrometheusAnswer<T> {
  status: "success" | "error";
  data?: T;
  errorType?: string;
  error?: string;
  warnings?: string[];
}

export type LogRecord = Schemas["LogRecord"];

export type LogPage = Schemas["LogPage"];

export type FieldValue = Schemas["FieldValue"];

export type LogField = Schemas["LogField"];

export type HealthStatus = HealthComponent["status"];

export type Health = Schemas["HealthOutputBody"];

export type HealthComponent = Schemas["ComponentHealth"];
