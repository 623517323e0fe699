// What the list of services is made of: who sent something in the time range, their requests,
// and their log lines over time.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { countByField } from "../api/logs";
import { useInstant } from "../live/useInstant";
import { usePageTime } from "../time/context";
import { resolve, type TimeRange } from "../time/range";
import { countOverTime, listServices, type LogBuckets } from "./api";
import { rowsOf, type ServiceRow } from "./model";
import { failures, requestFacts } from "./queries";

const interval = 10_000;
/** Soon while there are none. */
const firstInterval = 2_000;
/** How many services get a line and a count of failures. */
const mostServices = 1000;
const buckets = 60;

export interface ServiceList {
  rows: ServiceRow[];
  lines: LogBuckets | undefined;
  loading: boolean;
  /** Why there is no list. */
  error: Error | undefined;
  /** What is missing in the list. */
  partial: Error | undefined;
  refetch: () => void;
}

function spanOf(range: TimeRange) {
  const span = resolve(range, Date.now());
  if (!span) throw new Error("The time range is empty.");
  return span;
}

export function useServiceList(): ServiceList {
  const { range, live, canLive, epoch } = usePageTime();
  const common = { placeholderData: keepPreviousData, gcTime: 60_000 } as const;
  const key = [range.from, range.to, epoch];
  const services = useQuery({
    ...common,
    queryKey: ["services", "list", ...key],
    queryFn: ({ signal }) => {
      const span = spanOf(range);
      return listServices(span.from, span.to, signal);
    },
    refetchInterval: (query) => (live ? (query.state.data?.length ? interval : firstInterval) : false),
  });
  const requests = useInstant(requestFacts(), 10);
  const failed = useQuery({
    ...common,
    queryKey: ["services", "failures", ...key],
    queryFn: async ({ signal }) => {
      const span = spanOf(range);
      const counts = await countByField("service", failures, span.from, span.to, mostServices, signal);
      return new Map(counts.map(({ value, count }) => [value, count]));
    },
    refetchInterval: live ? interval : false,
  });
  const lines = useQuery({
    ...common,
    queryKey: ["services", "lines", ...key],
    queryFn: ({ signal }) => countOverTime("*", "service", spanOf(range), buckets, mostServices, signal),
    refetchInterval: live ? interval : false,
  });

  const now = canLive ? services.dataUpdatedAt / 1000 : (resolve(range, Date.now())?.to ?? 0) / 1000;
  const rows = useMemo(() => rowsOf({ services: services.data ?? [], requests: requests.series, failures: failed.data ?? new Map() }, now), [services.data, requests.series, failed.data, now]);
  return {
    rows,
    lines: lines.data,
    loading: services.isPending,
    error: services.error ?? undefined,
    partial: requests.error ?? failed.error ?? lines.error ?? undefined,
    refetch: () => [services, failed, lines].forEach((query) => void query.refetch()),
  };
}
