// What a tail has brought and nobody has taken yet.

import type { LogRecord } from "../api/types";

/** Lines that wait for a reader at most; of more, only the number is kept. */
export const mostPending = 2000;

export interface TailState {
  pending: LogRecord[];
  /** Lines that were too many to keep: they take a new search to see. */
  dropped: number;
  /** Lines that never came here. */
  missed: number;
  error: string | undefined;
}

export function emptyTail(): TailState {
  return { pending: [], dropped: 0, missed: 0, error: undefined };
}

/** receive adds what a message brought. */
export function receive(state: TailState, records: readonly LogRecord[], missed: number): void {
  state.missed += missed;
  state.error = undefined;
  if (state.dropped === 0 && state.pending.length + records.length <= mostPending) {
    state.pending.push(...records);
    return;
  }
  // A list with a hole in it would pass for a whole one: from here on they are only counted.
  state.dropped += state.pending.length + records.length;
  state.pending = [];
}
