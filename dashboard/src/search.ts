// What stands behind the question mark, and where to go after login.

/** Search parameters are plain strings: what people see in the URL is what pages get. */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === "string") params.set(name, value);
  }
  // Colons and slashes are allowed there, and read better.
  const text = params.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text === "" ? "" : `?${text}`;
}

export interface LoginSearch {
  /** The token of a one-time link. */
  once?: string;
  /** Where to go afterwards. */
  next?: string;
}

/** localPath is where to go after login: only a path of this origin. */
export function localPath(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}
