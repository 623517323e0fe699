// The shapes of the API that the dashboard reads.

/** An RFC 9457 problem document. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  field?: string;
  fix?: string;
}

/** A login: its tokens are in cookies, which scripts can't read. */
export interface Session {
  /** Seconds until the access cookie runs out. */
  expires_in: number;
}

export interface Me {
  name: string;
  org_id: string;
  scopes: string[];
}

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

export interface LogRecord {
  time: string;
  id: string;
  service?: string;
  instance_id?: string;
  level?: string;
  message: string;
  labels?: Labels;
  json?: Record<string, unknown>;
  trace_id?: string;
}

export interface LogPage {
  logs: LogRecord[] | null;
  next?: string;
}

export interface FieldValue {
  value: string;
  count: number;
}

export interface LogField {
  name: string;
  values: FieldValue[];
}

export type HealthStatus = "ok" | "degraded" | "down";

export interface Health {
  status: HealthStatus;
  version?: string;
  components?: HealthComponent[] | null;
}

export interface HealthComponent {
  name: string;
  status: HealthStatus;
  message?: string;
}
