// The variables of the dashboard that is open, for the page's time range.

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";

import { labelValuesOf } from "../api/prometheus";
import type { Variable } from "../api/dashboards";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { resolveVariables, type ResolvedVariables } from "./resolve-variables";

export interface Variables {
  /** Undefined until they are known for the first time. */
  resolved: ResolvedVariables | undefined;
  /** What is shown belongs to an earlier choice. */
  changing: boolean;
}

const none: ResolvedVariables = { states: [], values: {} };

export function useVariables(variables: readonly Variable[], wanted: Readonly<Record<string, string[]>>): Variables {
  const { range, epoch } = usePageTime();
  const client = useQueryClient();
  const answer = useQuery({
    queryKey: ["dashboard-variables", variables, wanted, range.from, range.to, epoch],
    queryFn: () => {
      const span = resolve(range, Date.now());
      if (!span) return none;
      return resolveVariables(variables, wanted, (label, selectors) =>
        // Each has its place in the cache: another choice asks only for what depends on it.
        client.fetchQuery({
          queryKey: ["label-values", label, selectors, range.from, range.to, epoch],
          queryFn: ({ signal }) => labelValuesOf(label, selectors, span.from / 1000, span.to / 1000, signal),
          staleTime: 60_000,
        }),
      );
    },
    enabled: variables.length > 0,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  if (variables.length === 0) return { resolved: none, changing: false };
  return { resolved: answer.data, changing: answer.isPlaceholderData };
}
