// What the palette finds beside pages and actions: what this server knows by name.

import { useQueries } from "@tanstack/react-query";

import { labelValues } from "../../api/prometheus";
import { request } from "../../api/client";
import { dashboardLink, hostLink, logsLink, metricsLink, serviceLink } from "../../links";
import { hostLabel, hostSelector } from "../../overview/queries";
import { usePageTime } from "../../time/context";
import { resolve, type TimeRange } from "../../time/range";
import type { Command } from "../../ui/commands";

type Go = (href: string) => void;
interface Named {
  id: string;
  label: string;
  keywords?: string;
  href: string;
}

interface Source {
  group: string;
  load: (from: number, to: number, signal: AbortSignal) => Promise<Named[]>;
}

/** Names are looked for in this much time at least, so that a short range doesn't hide them. */
const leastSpan = 3_600_000;

const iso = (millis: number) => encodeURIComponent(new Date(millis).toISOString());

function sourcesOf(range: TimeRange): Source[] {
  const labels = async (label: string, selector: string, from: number, to: number, signal: AbortSignal, href: (name: string) => string) =>
    (await labelValues(label, selector, from / 1000, to / 1000, signal)).map((name) => ({ id: name, label: name, href: href(name) }));
  return [
    { group: "Host", load: (from, to, signal) => labels(hostLabel, hostSelector, from, to, signal, (name) => hostLink(name, range)) },
    { group: "Metric", load: (from, to, signal) => labels("__name__", '{__name__!=""}', from, to, signal, (name) => metricsLink([name], range)) },
    {
      group: "Service",
      load: async (from, to, signal) => {
        const { services } = await request<{ services: { name: string }[] | null }>(`/v1/services?from=${iso(from)}&to=${iso(to)}`, { signal });
        return (services ?? []).map(({ name }) => ({ id: name, label: name, href: serviceLink(name, range) }));
      },
    },
    {
      group: "Dashboard",
      load: async (_from, _to, signal) => {
        const { dashboards } = await request<{ dashboards: { id: string; name: string; description?: string; tags?: string[] | null }[] | null }>("/v1/dashboards", { signal });
        return (dashboards ?? []).map(({ id, name, description = "", tags }) => ({ id, label: name || id, keywords: `${description} ${(tags ?? []).join(" ")}`, href: dashboardLink(id) }));
      },
    },
    {
      group: "Saved search",
      load: async (_from, _to, signal) => {
        const answer = await request<Record<string, { id: string; name: string; query: string }[] | null>>("/v1/saved-searches", { signal });
        const searches = Object.values(answer).find(Array.isArray) ?? [];
        return searches.map(({ id, name, query }) => ({ id, label: name, keywords: query, href: logsLink(query, range) }));
      },
    },
  ];
}

/** useFound lists everything there is to go to by name, and which kinds can't be listed now. */
export function useFound(go: Go): { commands: Command[]; failed: string[]; loading: boolean } {
  const { range } = usePageTime();
  const sources = sourcesOf(range);
  const answers = useQueries({
    queries: sources.map(({ group, load }) => ({
      queryKey: ["palette", group, range.from, range.to],
      queryFn: ({ signal }: { signal: AbortSignal }) => {
        const now = Date.now();
        const span = resolve(range, now) ?? { from: now - leastSpan, to: now };
        return load(Math.min(span.from, span.to - leastSpan), span.to, signal);
      },
      staleTime: 30_000,
      retry: false,
    })),
  });
  const commands = sources.flatMap(({ group }, i) =>
    (answers[i]?.data ?? []).map(({ id, label, keywords, href }): Command => ({ id: `${group} ${id}`, label, group, run: () => go(href), ...(keywords ? { keywords } : {}) })),
  );
  return { commands, failed: sources.filter((_, i) => answers[i]?.isError).map(({ group }) => `${group.toLowerCase()}s`), loading: answers.some((answer) => answer.isPending) };
}
