// What a query answered last, while its next answer is on its way. (useQueries forgets it when the
// query changes.)

import { useRef } from "react";

/** useKept returns each answer, or the one before it under the same key; undefined keys keep nothing. */
export function useKept<T>(keys: readonly (string | undefined)[], answers: readonly (T | undefined)[]): (T | undefined)[] {
  const kept = useRef<ReadonlyMap<string, T>>(new Map());
  const next = new Map<string, T>();
  const found = keys.map((key, i) => {
    if (key === undefined) return undefined;
    const answer = answers[i] ?? kept.current.get(key);
    if (answer !== undefined) next.set(key, answer);
    return answer;
  });
  kept.current = next;
  return found;
}
