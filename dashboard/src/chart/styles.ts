// The look of series: eight colours, then the same ones with dashes. A series keeps its own while
// others come and go.

import { useComputedColorScheme } from "@mantine/core";
import { useCallback, useRef } from "react";

import { seriesColours, type Scheme } from "../theme";

export interface SeriesStyle {
  colour: string;
  dash: readonly number[] | undefined;
}

const collator = new Intl.Collator("en", { numeric: true });

const dashes: readonly (readonly number[] | undefined)[] = [undefined, [7, 3], [2, 3], [9, 3, 2, 3]];

/** styleOf is the look of the n-th series. */
export function styleOf(index: number, scheme: Scheme): SeriesStyle {
  const colours = seriesColours[scheme];
  return {
    colour: colours[index % colours.length] ?? "#888888",
    dash: dashes[Math.floor(index / colours.length) % dashes.length],
  };
}

/** Places gives each key a number, the lowest that is free, and keeps it. */
export class Places {
  private readonly places = new Map<string, number>();

  /** use takes the keys that are shown; those that are gone give up their places only when needed. */
  use(keys: readonly string[]): ReadonlyMap<string, number> {
    const fresh = keys.filter((key) => !this.places.has(key));
    if (fresh.length === 0) return this.places;
    const present = new Set(keys);
    const taken = new Set<number>();
    const crowded = this.places.size + fresh.length > 32;
    for (const [key, place] of this.places) {
      // A series that left for a moment comes back in its colour, while there are colours.
      if (present.has(key) || !crowded) taken.add(place);
      else this.places.delete(key);
    }
    let next = 0;
    for (const key of new Set(fresh.toSorted(collator.compare))) {
      while (taken.has(next)) next += 1;
      taken.add(next);
      this.places.set(key, next);
    }
    return this.places;
  }

  placeOf(key: string): number {
    return this.places.get(key) ?? 0;
  }
}

/** useSeriesStyles gives each key a colour and a dash that stay while the component does. */
export function useSeriesStyles(keys: readonly string[]): (key: string) => SeriesStyle {
  const scheme = useComputedColorScheme("light");
  const places = useRef<Places>(undefined);
  places.current ??= new Places();
  const of = places.current;
  of.use(keys);
  return useCallback((key: string) => styleOf(of.placeOf(key), scheme), [of, scheme]);
}
