// How often the metrics of queries are measured, so that $__rate_interval is long enough for a
// program that reports each minute and short enough for a host that does so each second.

import { useQueries } from "@tanstack/react-query";

import { queryInstant } from "../api/prometheus";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";

const quoted = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const matchers = String.raw`\{(?:[^{}"']|${quoted})*\}`;
const ranged = new RegExp(String.raw`([A-Za-z_:][\w:]*(?:${matchers})?|${matchers})\s*\[\s*\$(?:__rate_interval\b|\{__rate_interval\})`, "g");

/** autoSelectors lists the selectors that a query looks back at over $__rate_interval. */
export function autoSelectors(query: string): string[] {
  return [...new Set([...query.matchAll(ranged)].map((match) => match[1]!))];
}

const window = 600;
const usual = 15;
const known = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600];

/**
 * countQuery is how many samples the slowest series has in ten minutes, of those that were there
 * all the time; without any such, how many the fastest has.
 */
export function countQuery(selector: string): string {
  const count = `count_over_time(${selector}[${window}s])`;
  return `min(${count} and ${selector} and ${selector} offset ${window}s) or max(${count})`;
}

/** intervalOf turns the number of samples in ten minutes into an interval that people choose. */
export function intervalOf(count: number | undefined): number {
  if (count === undefined || !(count > 0)) return usual;
  const seconds = window / count;
  return known.find((interval) => interval >= seconds * 0.85) ?? window;
}

/**
 * useSampleIntervals returns, for each query, the longest interval of what it looks back at, in
 * seconds; undefined while that is not known yet. Queries without $__rate_interval don't wait.
 */
export function useSampleIntervals(queries: readonly string[]): (number | undefined)[] {
  const { range, canLive } = usePageTime();
  const wanted = queries.map(autoSelectors);
  const selectors = [...new Set(wanted.flat())];
  const answers = useQueries({
    queries: selectors.map((selector) => ({
      queryKey: ["sample-interval", selector, canLive ? "now" : range.to],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const span = canLive ? undefined : resolve(range, Date.now());
        const [count] = await queryInstant(countQuery(selector), span && span.to / 1000, signal);
        return intervalOf(count && Number(count.value[1]));
      },
      staleTime: 600_000,
      gcTime: 600_000,
      retry: false,
    })),
  });
  const intervals = new Map(selectors.map((selector, i) => [selector, answers[i]?.isPending ? undefined : (answers[i]?.data ?? usual)]));
  return wanted.map((own) => {
    const found = own.map((selector) => intervals.get(selector));
    return found.some((interval) => interval === undefined) ? undefined : Math.max(usual * Number(own.length === 0), ...(found as number[]));
  });
}
