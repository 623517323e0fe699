// What an administrator asks about the organisation's data and the server.

import { queryOptions } from "@tanstack/react-query";

import { request } from "./client";
import type { Me } from "./types";

export interface SignalUsage {
  bytes: number;
  oldest?: string;
  newest?: string;
}

export interface Usage {
  metrics: SignalUsage & { active_series: number; samples: number };
  logs: SignalUsage & { records: number };
}

/** How long data of a signal is kept, and how much; 0 or nothing is no limit. */
export interface Limit {
  max_age_seconds?: number;
  max_bytes?: number;
}

export interface Retention {
  metrics: Limit;
  logs: Limit;
}

export const usageQuery = queryOptions({
  queryKey: ["usage"],
  queryFn: ({ signal }) => request<Usage>("/v1/admin/usage", { signal }),
  refetchInterval: 10_000,
});

export const retentionQuery = queryOptions({
  queryKey: ["retention"],
  queryFn: ({ signal }) => request<Retention>("/v1/admin/retention", { signal }),
  staleTime: 60_000,
});

export interface BuildInfo {
  version: string;
  goVersion: string;
}

export const buildQuery = queryOptions({
  queryKey: ["build"],
  queryFn: async ({ signal }) => (await request<{ data: BuildInfo }>("/api/v1/status/buildinfo", { signal })).data,
  staleTime: Infinity,
});

/** isAdmin says whether somebody may see keys, usage and retention. */
export function isAdmin(me: Me | undefined): boolean {
  return me?.scopes.includes("admin") ?? false;
}
