// Two queries of a page that are the same are asked once.

/** distinct lists what is to be asked, and for each item where in that list its answer will be. */
export function distinct<T>(items: readonly T[], keyOf: (item: T) => string): { unique: T[]; places: number[] } {
  const known = new Map<string, number>();
  const unique: T[] = [];
  const places = items.map((item) => {
    const key = keyOf(item);
    const place = known.get(key) ?? unique.push(item) - 1;
    known.set(key, place);
    return place;
  });
  return { unique, places };
}
