// A query at the end of the page's time range: now, while the page is live.

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { queryInstant } from "../api/prometheus";
import type { InstantSeries } from "../api/types";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";

export function useInstant(query: string, everySeconds: number): { series: InstantSeries[]; loading: boolean; error: Error | undefined } {
  const { range, live, canLive, epoch } = usePageTime();
  const answer = useQuery({
    queryKey: ["instant", query, canLive ? "now" : range.to, epoch],
    queryFn: ({ signal }) => {
      const span = canLive ? undefined : resolve(range, Date.now());
      return queryInstant(query, span && span.to / 1000, signal);
    },
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    refetchInterval: live ? everySeconds * 1000 : false,
  });
  return { series: answer.data ?? [], loading: answer.isPending, error: answer.error ?? undefined };
}
