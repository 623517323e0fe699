// What an administrator asks about the organisation's data and the server.

import { queryOptions } from "@tanstack/react-query";

import { request } from "./client";
import type { Me, Schemas } from "./types";

export type Usage = Schemas["UsageOutputBody"];
export type SignalUsage = Usage["metrics"] | Usage["logs"];

/** How long data of a signal is kept, and how much; 0 is no limit. */
export type Limit = Schemas["Retention"];
export type Retention = Schemas["RetentionSettings"];

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

export type BuildInfo = Schemas["BuildInfo"];

export const buildQuery = queryOptions({
  queryKey: ["build"],
  queryFn: async ({ signal }) => (await request<{ data: BuildInfo }>("/api/v1/status/buildinfo", { signal })).data,
  staleTime: Infinity,
});

/** isAdmin says whether somebody may see keys, usage and retention. */
export function isAdmin(me: Me | undefined): boolean {
  return me?.scopes.includes("admin") ?? false;
}
