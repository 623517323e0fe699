// Where the cursor of one chart is. It moves with each event of the mouse, so it lives outside of
// React's state: only what shows it is drawn again.

import { useSyncExternalStore } from "react";

/** How the cursor came here: by this chart's mouse or keys, or from another chart. */
export type CursorSource = "mouse" | "keys" | "other";

export interface CursorState {
  /** The point of the data; null when the cursor is away. */
  index: number | null;
  /** Where it is inside the plot, in pixels. */
  left: number;
  top: number;
  /** Unix seconds of the point. */
  time: number;
  source: CursorSource;
  /** The tooltip stays where it is. */
  pinned: boolean;
  /** The key of the series that is nearest. */
  nearest: string | undefined;
}

export const away: CursorState = { index: null, left: 0, top: 0, time: 0, source: "other", pinned: false, nearest: undefined };

export class CursorStore {
  state: CursorState = away;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): CursorState => this.state;

  /** move follows the cursor, unless it is pinned. */
  move(next: Omit<CursorState, "pinned">): void {
    const { state } = this;
    if (state.pinned) return;
    const same = next.index === state.index && next.left === state.left && next.top === state.top && next.time === state.time && next.source === state.source && next.nearest === state.nearest;
    if (same || (next.index === null && state.index === null)) return;
    this.set(next.index === null ? away : { ...next, pinned: false });
  }

  pin(pinned: boolean): void {
    if (this.state.index === null || this.state.pinned === pinned) return;
    this.set({ ...this.state, pinned });
  }

  /** leave lets go of the point, pinned or not. */
  leave(): void {
    if (this.state !== away) this.set(away);
  }

  private set(state: CursorState): void {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }
}

export function useCursor(store: CursorStore): CursorState {
  return useSyncExternalStore(store.subscribe, store.read);
}

interface Place {
  key: string;
  /** Where it is drawn at the cursor's point, in pixels; null for a gap. */
  top: number | null;
}

/** nearestOf is the series drawn nearest to the cursor. */
export function nearestOf(places: Iterable<Place>, top: number): string | undefined {
  let found: string | undefined;
  let least = Infinity;
  for (const place of places) {
    if (place.top === null) continue;
    const distance = Math.abs(place.top - top);
    if (distance < least) {
      least = distance;
      found = place.key;
    }
  }
  return found;
}
