// The server's own health, component by component.

import { queryOptions } from "@tanstack/react-query";

import { ApiError, request } from "./client";
import type { Health } from "./types";

/** 503 brings the same document: it says which component is down. */
async function loadHealth(signal: AbortSignal): Promise<Health> {
  const health = await request<Health>("/v1/health", { signal, accept: [503] });
  // While the server starts, a problem document comes instead; its status is a number.
  if (typeof health?.status !== "string") throw new ApiError(503, "unavailable", "The server is starting or going down.");
  return health;
}

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => loadHealth(signal),
  refetchInterval: (query) => (query.state.status === "error" ? 2_000 : 5_000),
  retry: false,
});
