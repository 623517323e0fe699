// The server's own health, component by component.

import { queryOptions } from "@tanstack/react-query";

import { ApiError, request } from "./client";
import type { Health } from "./types";

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => request<Health>("/v1/health", { signal }),
  refetchInterval: (query) => (query.state.status === "error" ? 2_000 : 5_000),
  retry: (count, error) => !(error instanceof ApiError && error.status > 0 && error.status < 500) && count < 1,
});
