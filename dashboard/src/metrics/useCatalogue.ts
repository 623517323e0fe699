// What there is to ask for in the page's time range: metrics, services, labels and their values.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { labelNames, labelValues, metricMetadata, metricNames } from "../api/prometheus";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { quote } from "./builder/write";
import { catalogueOf, type MetadataByName, type Metric } from "./catalogue";

const fresh = 30_000;
const noMetadata: MetadataByName = {};
const noNames: string[] = [];

export interface Catalogue {
  metrics: Metric[];
  byName: ReadonlyMap<string, Metric>;
  /** Every name that series have, also those of the parts of a histogram. */
  names: readonly string[];
  metadata: MetadataByName;
  loading: boolean;
  error: Error | undefined;
  refetch: () => void;
}

function useListed(key: readonly unknown[], load: (start: number, end: number, signal: AbortSignal) => Promise<string[]>, enabled = true) {
  const { range, epoch } = usePageTime();
  return useQuery({
    queryKey: ["listed", ...key, range.from, range.to, epoch],
    queryFn: ({ signal }) => {
      const span = resolve(range, Date.now());
      return span ? load(span.from / 1000, span.to / 1000, signal) : [];
    },
    enabled,
    staleTime: fresh,
    placeholderData: keepPreviousData,
  });
}

export function useMetadata(): MetadataByName {
  const answer = useQuery({ queryKey: ["metadata"], queryFn: ({ signal }) => metricMetadata(signal), staleTime: fresh, gcTime: 600_000 });
  return answer.data ?? noMetadata;
}

/** useCatalogue lists the metrics that have data, of all services or of one; often until there are some. */
export function useCatalogue(service?: string): Catalogue {
  const { live } = usePageTime();
  const selector = service === undefined ? undefined : `{service=${quote(service)}}`;
  const answer = useListed(["metrics", selector], (start, end, signal) => metricNames(selector, start, end, signal));
  const metadata = useMetadata();
  const names = answer.data ?? noNames;
  const { isPending, refetch } = answer;
  // Somebody who has just begun to send waits in front of an empty list.
  useQuery({
    queryKey: ["listed", "first", selector],
    queryFn: async () => (await refetch()).data?.length ?? 0,
    enabled: live && !isPending && names.length === 0,
    refetchInterval: 2000,
    retry: false,
  });
  return useMemo(() => {
    const metrics = catalogueOf(names, metadata);
    return {
      metrics,
      byName: new Map(metrics.map((metric) => [metric.name, metric])),
      names,
      metadata,
      loading: isPending,
      error: answer.error ?? undefined,
      refetch: () => void refetch(),
    };
  }, [names, metadata, isPending, answer.error, refetch]);
}

export function useServices(): string[] {
  return useListed(["services"], (start, end, signal) => labelValues("service", '{service!=""}', start, end, signal)).data ?? noNames;
}

/** useLabels lists the labels of a selector's series, but the name. */
export function useLabels(selector: string): string[] {
  const names = useListed(["labels", selector], (start, end, signal) => labelNames(selector, start, end, signal), selector !== "").data ?? noNames;
  return useMemo(() => names.filter((name) => name !== "__name__"), [names]);
}

/** useValues lists the values of a label among a selector's series. */
export function useValues(label: string, selector: string, enabled: boolean): { values: string[]; loading: boolean } {
  const wanted = enabled && label !== "" && selector !== "";
  const answer = useListed(["values", label, selector], (start, end, signal) => labelValues(label, selector, start, end, signal), wanted);
  return { values: answer.data ?? noNames, loading: wanted && answer.isPending };
}
