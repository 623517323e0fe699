// Several queries at the end of the page's time range: now, while the page is live.

import { useQueries } from "@tanstack/react-query";

import { queryInstant } from "../api/prometheus";
import type { InstantSeries } from "../api/types";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { distinct } from "./distinct";
import { useKept } from "./useKept";

export interface InstantQuerySpec {
  key: string;
  query: string;
}

export interface InstantResult {
  key: string;
  series: InstantSeries[];
  loading: boolean;
  fetching: boolean;
  error: Error | undefined;
}

/** useInstantQueries asks again every so many seconds while the page is live. */
export function useInstantQueries(specs: readonly InstantQuerySpec[], { everySeconds = 10, enabled = true } = {}): InstantResult[] {
  const { range, live, canLive, epoch } = usePageTime();
  const { unique, places } = distinct(specs, (spec) => spec.query);
  const answers = useQueries({
    queries: unique.map(({ query }) => ({
      queryKey: ["instant", query, canLive ? "now" : range.to, epoch],
      queryFn: ({ signal }: { signal: AbortSignal }) => {
        const span = canLive ? undefined : resolve(range, Date.now());
        return queryInstant(query, span && span.to / 1000, signal);
      },
      enabled: enabled && query.trim() !== "",
      gcTime: 30_000,
      refetchInterval: live ? everySeconds * 1000 : (false as const),
    })),
  });
  const shown = useKept(
    specs.map(({ key, query }) => (query.trim() === "" ? undefined : key)),
    places.map((place) => answers[place]?.data),
  );
  return specs.map(({ key, query }, i) => {
    const answer = answers[places[i]!];
    return {
      key,
      series: shown[i] ?? [],
      loading: enabled && query.trim() !== "" && shown[i] === undefined && (answer?.isPending ?? true),
      fetching: answer?.isFetching ?? false,
      error: answer?.error ?? undefined,
    };
  });
}
