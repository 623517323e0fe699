// What the page knows about its session without being able to read the cookies: when the access
// cookie runs out. It is kept for all tabs, so that one of them renews it for the others, and
// so that a visitor without a session isn't asked for by requests that must fail.

const key = "pharos.session.until";
/** Renewed this much before its end. */
const margin = 30_000;

export type SessionHint = "fresh" | "stale" | "none";

/** sessionHint says what the next request can expect; "fresh" too when nothing can be stored. */
export function sessionHint(now = Date.now()): SessionHint {
  try {
    const until = localStorage.getItem(key);
    if (until === null) return "none";
    return Number(until) - margin > now ? "fresh" : "stale";
  } catch {
    return "fresh";
  }
}

/** rememberSession notes that the access cookie is good for so many seconds. */
export function rememberSession(seconds: number, now = Date.now()): void {
  try {
    localStorage.setItem(key, String(now + seconds * 1000));
  } catch {
    // Without storage a 401 tells.
  }
}

export function forgetSession(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was stored then.
  }
}

/** exclusively runs work in one tab at a time, where the browser can do that. */
export function exclusively<T>(work: () => Promise<T>): Promise<T> {
  // Locks exist on https and on this machine only; the server forgives two renewals at once.
  return "locks" in navigator ? navigator.locks.request("pharos.session", work) : work();
}
