// The session: who is logged in, in, out.

import { queryOptions } from "@tanstack/react-query";

import { request } from "./client";
import { forgetSession, rememberSession } from "./session";
import type { Me, Session } from "./types";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => request<Me>("/v1/auth/me", { signal }),
  staleTime: Infinity,
  retry: false,
});

export async function login(email: string, password: string): Promise<void> {
  const session = await request<Session>("/v1/auth/login", { method: "POST", body: { email, password }, session: false });
  rememberSession(session.expires_in);
}

export async function logout(): Promise<void> {
  try {
    await request("/v1/auth/logout", { method: "POST", session: false });
  } finally {
    forgetSession();
  }
}

/** changePassword changes one's own password, which ends every other login. */
export async function changePassword(current: string, next: string): Promise<void> {
  const session = await request<Session>("/v1/auth/password", { method: "POST", body: { current_password: current, new_password: next } });
  rememberSession(session.expires_in);
}

const exchanges = new Map<string, Promise<void>>();

/** exchangeLink logs in by a one-time link; asked twice for one token, it spends it once. */
export function exchangeLink(once: string): Promise<void> {
  let exchange = exchanges.get(once);
  if (!exchange) {
    exchange = request<Session>("/v1/auth/link", { method: "POST", body: { once }, session: false }).then((session) => rememberSession(session.expires_in));
    exchanges.set(once, exchange);
  }
  return exchange;
}
