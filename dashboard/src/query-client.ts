import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "./api/client";

/** A wrong request stays wrong; anything else is tried again, waiting longer each time. */
export function shouldRetry(count: number, error: Error): boolean {
  if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) return false;
  return count < 4;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: shouldRetry,
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 10_000),
        refetchOnWindowFocus: false,
        // The server is on this machine more often than not: being offline says nothing.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
