// API keys: who may send and ask without a login.

import { queryOptions } from "@tanstack/react-query";

import { request } from "./client";
import type { Schemas } from "./types";

/** A key without its secret. */
export type ApiKey = Schemas["KeyBody"];
export type Scope = ApiKey["scopes"][number];
export type NewKey = Schemas["CreateKeyInputBody"];

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async ({ signal }) => (await request<{ keys: ApiKey[] }>("/v1/auth/apikey", { signal })).keys,
  refetchInterval: 30_000,
});

/** createKey makes a key; only its answer holds the secret. */
export function createKey(key: NewKey): Promise<Schemas["CreateKeyOutputBody"]> {
  return request("/v1/auth/apikey", { method: "POST", body: key });
}

export async function revokeKey(id: string): Promise<void> {
  await request(`/v1/auth/apikey/${encodeURIComponent(id)}`, { method: "DELETE" });
}
