// API keys: who may send and ask without a login.

import { queryOptions } from "@tanstack/react-query";

import { request } from "./client";

export type Scope = "admin" | "ingest" | "query";

export interface ApiKey {
  id: string;
  /** The key up to its secret. */
  prefix: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at?: string;
  last_used_at?: string;
}

export interface NewKey {
  name: string;
  scopes: Scope[];
  expires_at?: string;
}

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async ({ signal }) => (await request<{ keys: ApiKey[] }>("/v1/auth/apikey", { signal })).keys,
  refetchInterval: 30_000,
});

/** createKey makes a key; only its answer holds the secret. */
export function createKey(key: NewKey): Promise<ApiKey & { key: string }> {
  return request("/v1/auth/apikey", { method: "POST", body: key });
}

export async function revokeKey(id: string): Promise<void> {
  await request(`/v1/auth/apikey/${encodeURIComponent(id)}`, { method: "DELETE" });
}
