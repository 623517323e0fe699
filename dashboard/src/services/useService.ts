// What is known of one service: what it sends, its metrics, and its instances.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { request } from "../api/client";
import { queryInstant } from "../api/prometheus";
import type { InstantSeries } from "../api/types";
import { useInstant } from "../live/useInstant";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { listServices } from "./api";
import { metricsOf, type Metric } from "./charts";
import { joinInstances, type Instance } from "./instances";
import { rowsOf, type ServiceRow } from "./model";
import { instanceRequests, instances, metricNames, serviceMatchers } from "./queries";

type Metadata = Record<string, { type: string; unit: string; help: string }[]>;

export interface ServiceState {
  /** Undefined while it is asked for, and when the service sent nothing in the time range. */
  row: ServiceRow | undefined;
  metrics: Metric[];
  instances: Instance[];
  loading: boolean;
  /** The metrics are known, or it is known that there are none. */
  ready: boolean;
  error: Error | undefined;
}

export function useService(service: string, environment: string | undefined): ServiceState {
  const { range, live, canLive, epoch } = usePageTime();
  const matchers = serviceMatchers(service, environment);
  const common = { placeholderData: keepPreviousData, gcTime: 60_000 } as const;
  const span = resolve(range, Date.now());
  const seconds = span ? Math.max(300, (span.to - span.from) / 1000) : 300;

  const about = useQuery({
    ...common,
    queryKey: ["service", service, range.from, range.to, epoch],
    queryFn: async ({ signal }) => {
      const asked = resolve(range, Date.now());
      if (!asked) throw new Error("The time range is empty.");
      const services = (await listServices(asked.from, asked.to, signal)).filter(({ name }) => name === service);
      return rowsOf({ services, requests: [], failures: new Map() }, asked.to / 1000)[0] ?? null;
    },
    refetchInterval: live ? 10_000 : false,
  });
  const row = about.data ?? undefined;
  // The metrics of a service that went silent are those that it sent last.
  const at = row?.silent && row.last_metric ? Date.parse(row.last_metric) / 1000 : canLive ? undefined : (span?.to ?? 0) / 1000;
  const names = useQuery({
    ...common,
    queryKey: ["service", "metrics", matchers, at, epoch],
    queryFn: ({ signal }) => queryInstant(metricNames(matchers), at, signal),
    enabled: row !== undefined,
    refetchInterval: live ? 30_000 : false,
  });
  const metadata = useQuery({
    queryKey: ["metadata"],
    queryFn: async ({ signal }) => (await request<{ data: Metadata }>("/api/v1/metadata", { signal })).data,
    staleTime: 60_000,
  });
  const places = useInstant(instances(matchers, seconds), 10);
  const requests = useInstant(instanceRequests(matchers), 10);

  const metrics = useMemo(() => metricsOf(countsOf(names.data ?? []), metadata.data ?? {}), [names.data, metadata.data]);
  const joined = useMemo(() => joinInstances(places.series, requests.series), [places.series, requests.series]);
  return {
    row,
    metrics,
    instances: joined,
    loading: about.isPending,
    ready: !names.isPending && (!metadata.isPending || metadata.isError),
    error: about.error ?? names.error ?? places.error ?? undefined,
  };
}

function countsOf(series: readonly InstantSeries[]): Map<string, number> {
  return new Map(series.map(({ metric, value }) => [metric["__name__"] ?? "", Number(value[1])]));
}
