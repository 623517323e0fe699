// Short lists of what was used lately, the newest first, kept in local storage.

/** readRecent lists what was noted under a name. */
export function readRecent(name: string): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(`pharos.recent.${name}`) ?? "[]");
    return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

/** noteRecent puts an item to the top of a list, which keeps the newest. */
export function noteRecent(name: string, item: string, most: number): void {
  try {
    localStorage.setItem(`pharos.recent.${name}`, JSON.stringify([item, ...readRecent(name).filter((other) => other !== item)].slice(0, most)));
  } catch {
    // Without storage nothing is remembered.
  }
}
