// One way to the server: same origin, session in cookies that scripts can't read. The access
// cookie lives for minutes, so a 401 is answered by one refresh, shared by everything that
// waits for it, and one more try.

import type { Problem } from "./types";

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

/** refreshSession asks for a new access cookie; false when the session is over. */
export function refreshSession(): Promise<boolean> {
  refreshing ??= send("/v1/auth/refresh", { method: "POST" })
    .then((response) => {
      if (response.status >= 500) throw new ApiError(response.status, "unavailable", "The server cannot renew the session now.");
      return response.ok;
    })
    .finally(() => {
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
  method?: "GET" | "POST";
  body?: unknown;
  signal?: AbortSignal;
  /** false for login, whose 401 means a wrong password. */
  session?: boolean;
}

/** request sends and reads JSON. */
export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const init: RequestInit = { method: options.method ?? "GET", headers: { Accept: "application/json" } };
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { Accept: "application/json", "Content-Type": "application/json" };
  }
  if (options.signal) init.signal = options.signal;

  let response = await send(path, init);
  if (response.status === 401 && options.session !== false) {
    if (await refreshSession()) response = await send(path, init);
    if (response.status === 401) sessionLost.forEach((callback) => callback());
  }
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204 || response.headers.get("Content-Length") === "0") return undefined as T;
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

async function errorOf(response: Response): Promise<ApiError> {
  const fallback = `The server answered ${response.status} ${response.statusText}`.trim() + ".";
  try {
    const body = (await response.json()) as Partial<Problem> & { error?: string; errorType?: string };
    const message = body.detail ?? body.error ?? body.title ?? fallback;
    return new ApiError(response.status, body.code ?? body.errorType ?? "unknown", message, body.fix);
  } catch {
    return new ApiError(response.status, "unknown", fallback);
  }
}
