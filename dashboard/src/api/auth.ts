// The session: who is logged in, in, out.

import { queryOptions } from "@tanstack/react-query";

import { request } from "./client";
import type { Me } from "./types";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => request<Me>("/v1/auth/me", { signal }),
  staleTime: Infinity,
  retry: false,
});

export function login(email: string, password: string): Promise<unknown> {
  return request("/v1/auth/login", { method: "POST", body: { email, password }, session: false });
}

export function logout(): Promise<unknown> {
  return request("/v1/auth/logout", { method: "POST", session: false });
}

const exchanges = new Map<string, Promise<unknown>>();

/** exchangeLink logs in by a one-time link; asked twice for one token, it spends it once. */
export function exchangeLink(once: string): Promise<unknown> {
  let exchange = exchanges.get(once);
  if (!exchange) {
    exchange = request("/v1/auth/link", { method: "POST", body: { once }, session: false });
    exchanges.set(once, exchange);
  }
  return exchange;
}
