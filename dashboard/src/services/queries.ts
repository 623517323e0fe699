// All PromQL of the Services pages: requests by OpenTelemetry's semantic conventions, and what
// any metric shows when nothing else is known of it.

import type { QueryOfStep } from "../live/useFrame";
import { hostLabel, quote } from "../overview/queries";

/** The label of a series' service: service.name, or what was sent as `service`. */
export const serviceLabel = "service";
export const environmentLabel = "deployment_environment_name";

/** A histogram of the durations of requests that a service answers. */
export interface RequestFamily {
  metric: string;
  /** What a value is in seconds. */
  scale: number;
  /** Which requests failed through the service's own fault. */
  failed: string;
  /** What requests are told apart by. */
  route: string;
  status: string;
  kind: "HTTP" | "RPC";
}

/** In the order in which they are preferred: today's conventions before older ones. */
export const families: readonly RequestFamily[] = [
  { metric: "http_server_request_duration_seconds", scale: 1, failed: 'http_response_status_code=~"5.."', route: "http_route", status: "http_response_status_code", kind: "HTTP" },
  { metric: "rpc_server_call_duration_seconds", scale: 1, failed: 'error_type!=""', route: "rpc_method", status: "rpc_response_status_code", kind: "RPC" },
  { metric: "rpc_server_duration_milliseconds", scale: 0.001, failed: 'rpc_grpc_status_code=~"2|4|12|13|14|15"', route: "rpc_method", status: "rpc_grpc_status_code", kind: "RPC" },
  { metric: "http_server_duration_milliseconds", scale: 0.001, failed: 'http_status_code=~"5.."', route: "http_route", status: "http_status_code", kind: "HTTP" },
];

const fact = (name: string, query: string) => `label_replace(${query}, "fact", "${name}", "", "")`;

/** windowOf is what rates look over on a grid: long enough for a minute's reports. */
export const windowOf = (step: number) => `${Math.max(120, Math.ceil(step * 2))}s`;

const selector = (matchers: string) => (matchers === "" ? "" : `{${matchers}}`);
const and = (...matchers: string[]) => matchers.filter(Boolean).join(",");

/** How many requests a second, from a histogram of either kind. */
export function requestRate({ metric }: RequestFamily, by: string, matchers: string, window: string): string {
  return `sum by (${by}) (rate(${metric}_count${selector(matchers)}[${window}])) or sum by (${by}) (histogram_count(rate(${metric}${selector(matchers)}[${window}])))`;
}

/** The part of requests that failed, in percent; none is zero, not unknown. */
export function errorPart(family: RequestFamily, by: string, matchers: string, window: string): string {
  const all = requestRate(family, by, matchers, window);
  const failed = requestRate(family, by, and(matchers, family.failed), window);
  return `100 * ((${failed}) or 0 * (${all})) / ((${all}) > 0)`;
}

/** A quantile of the durations in seconds. */
export function durationQuantile({ metric, scale }: RequestFamily, quantile: number, by: string, matchers: string, window: string): string {
  const groups = by === "" ? "" : `by (${by}) `;
  const classic = `histogram_quantile(${quantile}, sum by (${by === "" ? "le" : `le, ${by}`}) (rate(${metric}_bucket${selector(matchers)}[${window}])))`;
  const native = `histogram_quantile(${quantile}, sum ${groups}(rate(${metric}${selector(matchers)}[${window}])))`;
  return scale === 1 ? `${classic} or ${native}` : `${scale} * (${classic} or ${native})`;
}

/** Requests, errors and durations of all services at once, of the last five minutes. */
export const requestFacts = (by = serviceLabel, matchers = "") =>
  (["rate", "errors", "p95"] as const)
    .map((name) => {
      const each = families.map((family) => {
        if (name === "rate") return requestRate(family, by, matchers, "5m");
        return name === "errors" ? errorPart(family, by, matchers, "5m") : durationQuantile(family, 0.95, by, matchers, "5m");
      });
      return fact(name, each.map((query) => `(${query})`).join(" or "));
    })
    .join(" or ");

/** serviceMatchers selects a service, in one environment when that is asked for. */
export function serviceMatchers(service: string, environment?: string): string {
  return and(`${serviceLabel}=${quote(service)}`, environment ? `${environmentLabel}=${quote(environment)}` : "");
}

/** The log lines of a service. */
export function serviceLogs(service: string, environment?: string): string {
  return `service:=${quote(service)}${environment ? ` deployment.environment.name:=${quote(environment)}` : ""}`;
}

/** The log lines that say that something failed. */
export const failures = "level:in(error,fatal,critical,alert,emergency,panic)";

/** Names of a service's metrics with their numbers of series, in the last five minutes. */
export const metricNames = (matchers: string) => `count by (__name__) ({${matchers}})`;

/** Where instances run, of which version, and when each was seen last. */
export function instances(matchers: string, seconds: number): string {
  const by = `by (instance, ${hostLabel}, service_version, ${environmentLabel})`;
  const step = Math.max(30, Math.ceil(seconds / 120));
  return [
    fact("seen", `max ${by} (max_over_time(timestamp(target_info{${matchers}})[${Math.ceil(seconds)}s:${step}s]))`),
    fact("series", `count by (instance, ${hostLabel}, ${environmentLabel}) ({${and(matchers, '__name__!="target_info"')}})`),
  ].join(" or ");
}

/** The requests of each instance. */
export const instanceRequests = (matchers: string) => requestFacts(`instance, ${hostLabel}, ${environmentLabel}`, matchers);

export type { QueryOfStep };
