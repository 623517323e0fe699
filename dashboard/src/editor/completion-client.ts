// What PromQL completion knows of the server: names, label values and metadata, asked for through
// the session of the page and remembered for a minute.

import { EqlRegex, EqlSingle, Neq, NeqRegex } from "@prometheus-io/lezer-promql";
import type { PrometheusClient } from "@prometheus-io/codemirror-promql";

import { request } from "../api/client";
import type { Labels, PrometheusAnswer } from "../api/types";

type Matchers = NonNullable<Parameters<PrometheusClient["series"]>[1]>;
type Metadata = Awaited<ReturnType<PrometheusClient["metricMetadata"]>>;

/** More names than this are of no use in a list that one types into. */
const most = 10_000;
const remembered = 60_000;

const operators = new Map([
  [EqlSingle, "="],
  [Neq, "!="],
  [EqlRegex, "=~"],
  [NeqRegex, "!~"],
]);

/** selectorOf writes the series that completion is about, without the label being completed. */
export function selectorOf(metric: string | undefined, matchers: Matchers = [], except?: string): string | undefined {
  const parts = matchers
    .filter((m) => m.name !== except && m.value !== "" && operators.has(m.type))
    // The value is as it stands in the query, where it is escaped already.
    .map((m) => `${/^[A-Za-z_]\w*$/.test(m.name) ? m.name : JSON.stringify(m.name)}${operators.get(m.type)}"${m.value}"`);
  if (metric) parts.unshift(`__name__=${JSON.stringify(metric)}`);
  return parts.length === 0 ? undefined : `{${parts.join(",")}}`;
}

export class CompletionClient implements PrometheusClient {
  private readonly answers = new Map<string, { at: number; answer: Promise<unknown> }>();

  labelNames(metric?: string): Promise<string[]> {
    return this.ask("/api/v1/labels", { "match[]": selectorOf(metric) }, []);
  }

  labelValues(label: string, metric?: string, matchers?: Matchers): Promise<string[]> {
    return this.ask(`/api/v1/label/${encodeURIComponent(label)}/values`, { "match[]": selectorOf(metric, matchers, label) }, []);
  }

  /** One description a metric: services that word its help differently still mean the same. */
  async metricMetadata(): Promise<Metadata> {
    const all = await this.ask<Metadata>("/api/v1/metadata", {}, {});
    return Object.fromEntries(Object.entries(all).map(([name, known]) => [name, known.slice(0, 1)]));
  }

  async series(metric: string, matchers?: Matchers, label?: string): Promise<Map<string, string>[]> {
    const series = await this.ask<Labels[]>("/api/v1/series", { "match[]": selectorOf(metric, matchers, label) }, []);
    return series.map((labels) => new Map(Object.entries(labels)));
  }

  metricNames(): Promise<string[]> {
    return this.labelValues("__name__");
  }

  flags(): Promise<Record<string, string>> {
    return Promise.resolve({});
  }

  /** ask answers with `nothing` when the server does not: completion has nothing to offer, then. */
  private ask<T>(path: string, params: Record<string, string | undefined>, nothing: T): Promise<T> {
    const search = new URLSearchParams(path === "/api/v1/metadata" ? {} : { limit: String(most) });
    for (const [name, value] of Object.entries(params)) if (value !== undefined) search.set(name, value);
    const url = `${path}?${search.toString()}`;
    const known = this.answers.get(url);
    if (known && Date.now() - known.at < remembered) return known.answer as Promise<T>;
    const answer = request<PrometheusAnswer<T>>(url).then(
      (body) => body.data ?? nothing,
      () => {
        this.answers.delete(url);
        return nothing;
      },
    );
    this.answers.set(url, { at: Date.now(), answer });
    return answer;
  }
}
