// Services as the list shows them: from answers to rows, and what is asked for.

import type { InstantSeries } from "../api/types";
import type { Service } from "./api";
import { serviceLabel } from "./queries";

export interface ServiceRow extends Service {
  /** Unix seconds of the newest metric or log line. */
  seen?: number | undefined;
  age?: number | undefined;
  silent: boolean;
  /** Requests a second, the part of them that fails in percent, and the 95th percentile in seconds. */
  rate?: number | undefined;
  errors?: number | undefined;
  p95?: number | undefined;
  /** Log lines with a level of error or worse, and their part of all in percent. */
  logErrors: number;
  logErrorPart?: number | undefined;
}

interface Sources {
  services: readonly Service[];
  requests: readonly InstantSeries[];
  /** Failures by service. */
  failures: ReadonlyMap<string, number>;
}

/** After so many seconds without a word a service is called silent. */
const patience = 300;

export function rowsOf({ services, requests, failures }: Sources, now: number): ServiceRow[] {
  const facts = new Map<string, { rate?: number; errors?: number; p95?: number }>();
  for (const { metric, value } of requests) {
    const name = metric[serviceLabel] ?? "";
    const entry = facts.get(name) ?? {};
    facts.set(name, entry);
    const number = Number(value[1]);
    if (Number.isFinite(number)) entry[metric["fact"] as "rate" | "errors" | "p95"] = number;
  }
  return services.map((service) => {
    const times = [service.last_metric, service.last_log].flatMap((text) => (text ? Date.parse(text) / 1000 : []));
    const seen = times.length > 0 ? Math.max(...times) : undefined;
    const age = seen === undefined ? undefined : Math.max(0, now - seen);
    const logErrors = failures.get(service.name) ?? 0;
    return { ...service, ...facts.get(service.name), seen, age, silent: age === undefined || age > patience, logErrors, logErrorPart: service.logs > 0 ? (100 * logErrors) / service.logs : undefined };
  });
}

/** From here on something wants to be looked at, in percent. */
export const limits = { errors: 1, logErrors: 5 } as const;

export function needsAttention(row: ServiceRow): boolean {
  return row.silent || (row.errors ?? 0) >= limits.errors || (row.logErrorPart ?? 0) >= limits.logErrors;
}

export type Show = "all" | "metrics" | "logs" | "silent" | "attention";

const shown: Record<Show, (row: ServiceRow) => boolean> = {
  all: () => true,
  metrics: (row) => row.series > 0,
  logs: (row) => row.logs > 0,
  silent: (row) => row.silent,
  attention: needsAttention,
};

/** filterServices keeps the services whose name has every word. */
export function filterServices(rows: readonly ServiceRow[], text: string, show: Show): ServiceRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => shown[show](row) && words.every((word) => row.name.toLowerCase().includes(word)));
}

export function countShown(rows: readonly ServiceRow[]): Record<Show, number> {
  const count = (show: Show) => rows.filter(shown[show]).length;
  return { all: rows.length, metrics: count("metrics"), logs: count("logs"), silent: count("silent"), attention: count("attention") };
}
