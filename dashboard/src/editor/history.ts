// The queries that were run last, newest first, one list for each kind, kept in this browser.

const keep = 50;

function keyOf(kind: string): string {
  return `pharos.history.${kind}`;
}

/** readHistory lists the queries of a kind, newest first; none when the browser keeps nothing. */
export function readHistory(kind: string): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(keyOf(kind)) ?? "[]");
    return Array.isArray(stored) ? stored.filter((entry): entry is string => typeof entry === "string") : [];
  } catch {
    return [];
  }
}

/** remember puts a query at the front; one that is known moves there. */
export function remember(kind: string, query: string): void {
  const text = query.trim();
  if (text === "") return;
  const entries = [text, ...readHistory(kind).filter((entry) => entry !== text)].slice(0, keep);
  try {
    localStorage.setItem(keyOf(kind), JSON.stringify(entries));
  } catch {
    // A browser that keeps nothing has no history; the query runs all the same.
  }
}

/** forgetHistory empties the list of a kind. */
export function forgetHistory(kind: string): void {
  try {
    localStorage.removeItem(keyOf(kind));
  } catch {
    // There is none, then.
  }
}

/**
 * Recall walks through the history as a shell does: older and newer, and at the newest end what
 * was being typed before.
 */
export class Recall {
  private readonly kind: string;
  private at = -1;
  private typed = "";

  constructor(kind: string) {
    this.kind = kind;
  }

  /** step returns the entry that many steps older; undefined when there is none. */
  step(older: number, current: string): string | undefined {
    const entries = readHistory(this.kind);
    if (this.at >= 0 && entries[this.at] !== current) this.at = -1;
    if (this.at < 0) this.typed = current;
    let next = this.at + older;
    while (next >= 0 && next < entries.length && entries[next] === current) next += older;
    if (next >= entries.length || next < -1 || (next === -1 && this.at === -1)) return undefined;
    this.at = next;
    return next === -1 ? this.typed : entries[next];
  }
}
