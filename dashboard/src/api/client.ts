// One way to the server: same origin, session in cookies that scripts can't read. The access
// cookie lives for minutes. It is renewed before it runs out, or after a 401, once for
// everything that waits for it.

import { exclusively, forgetSession, rememberSession, sessionHint } from "./session";
import type { Problem, Session } from "./types";

/** An answer other than success, or none at all (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fix: string | undefined;

  constructor(status: number, code: string, message: string, fix?: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fix = fix;
  }
}

export const unreachable = 0;

let refreshing: Promise<boolean> | undefined;
const sessionLost = new Set<() => void>();

/** onSessionLost calls back when the server no longer knows the session. */
export function onSessionLost(callback: () => void): () => void {
  sessionLost.add(callback);
  return () => sessionLost.delete(callback);
}

/**
 * refreshSession renews the access cookie; false when the session is over. With `onlyStale` it
 * is content with what another tab did in the meantime.
 */
export function refreshSession(onlyStale = false): Promise<boolean> {
  refreshing ??= exclusively(async () => {
    if (onlyStale && sessionHint() === "fresh") return true;
    const response = await send("/v1/auth/refresh", { method: "POST" });
    if (response.status >= 500 || response.status === 429) throw await errorOf(response);
    if (!response.ok) {
      forgetSession();
      return false;
    }
    rememberSession(((await response.json()) as Session).expires_in);
    return true;
  }).finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { credentials: "same-origin", ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(unreachable, "unreachable", "The server does not answer.");
  }
}

interface Options {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
  /** false for login, whose 401 means a wrong password. */
  session?: boolean;
  /** Statuses whose body is an answer too, and no problem document. */
  accept?: readonly number[];
}

/** request sends and reads JSON. */
export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const init: RequestInit = { method: options.method ?? "GET", headers: { Accept: "application/json" } };
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { Accept: "application/json", "Content-Type": "application/json" };
  }
  if (options.signal) init.signal = options.signal;

  const response = options.session === false ? await send(path, init) : await sendInSession(path, init);
  if (!response.ok && !options.accept?.includes(response.status)) throw await errorOf(response);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

async function sendInSession(path: string, init: RequestInit): Promise<Response> {
  const hint = sessionHint();
  const alive = hint === "stale" ? await refreshSession(true) : hint === "fresh";
  if (alive) {
    const response = await send(path, init);
    if (response.status !== 401) return response;
    if (await refreshSession()) {
      const again = await send(path, init);
      if (again.status !== 401) return again;
    }
  }
  forgetSession();
  sessionLost.forEach((callback) => callback());
  throw new ApiError(401, "unauthenticated", "The session is over. Log in again.");
}

async function errorOf(response: Response): Promise<ApiError> {
  const fallback = `${`The server answered ${response.status} ${response.statusText}`.trim()}.`;
  try {
    const body = (await response.json()) as Partial<Problem> & { error?: string; errorType?: string };
    const message = body.detail ?? body.error ?? body.title ?? fallback;
    return new ApiError(response.status, body.code ?? body.errorType ?? "unknown", message, body.fix);
  } catch {
    return new ApiError(response.status, "unknown", fallback);
  }
}
