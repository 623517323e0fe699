// Which series a legend shows, and what a click on one does.

import { useCallback, useMemo, useState } from "react";

export interface LegendState {
  hidden: ReadonlySet<string>;
  highlight: string | undefined;
  setHighlight: (key: string | undefined) => void;
  /** A click: only this series, or all again; with a modifier it is hidden or shown. */
  choose: (key: string, toggle: boolean) => void;
  showAll: () => void;
}

/** focusOn shows only one series; when it is alone already, all of them. */
export function focusOn(keys: readonly string[], hidden: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const others = keys.filter((other) => other !== key);
  const alone = !hidden.has(key) && others.every((other) => hidden.has(other));
  return new Set(alone ? [] : others);
}

/** toggle hides a series, or shows it; the last one can't be hidden, which would leave nothing to look at. */
export function toggle(keys: readonly string[], hidden: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(hidden);
  if (!next.delete(key)) next.add(key);
  return keys.every((other) => next.has(other)) ? new Set() : next;
}

/** useLegend keeps what is hidden and what stands out, for a TimeChart and its LegendTable. */
export function useLegend(keys: readonly string[]): LegendState {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [highlight, setHighlight] = useState<string>();
  const joined = keys.join("\n");
  const choose = useCallback(
    (key: string, toggled: boolean) => {
      const all = joined.split("\n");
      setHidden((before) => (toggled ? toggle(all, before, key) : focusOn(all, before, key)));
    },
    [joined],
  );
  const showAll = useCallback(() => setHidden(new Set()), []);
  return useMemo(() => ({ hidden, highlight, setHighlight, choose, showAll }), [hidden, highlight, choose, showAll]);
}
