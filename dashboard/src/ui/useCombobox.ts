// A text field over a list of things to choose from, by keyboard and for screen readers: the
// focus stays in the field while arrows move through the list.

import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";

interface Options {
  /** How many things there are to choose from now. */
  count: number;
  onChoose: (index: number) => void;
  /** What the list is of; the first becomes the current one whenever it changes. */
  query: string;
  /** Names the list for screen readers. */
  label: string;
}

export function useCombobox({ count, onChoose, query, label }: Options) {
  const id = useId();
  const [current, setCurrent] = useState({ query, index: 0 });
  const index = Math.min(current.query === query ? current.index : 0, Math.max(0, count - 1));
  const move = (to: number) => setCurrent({ query, index: to });
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    // jsdom has no scrolling.
    list.current?.querySelector(`[data-index="${index}"]`)?.scrollIntoView?.({ block: "nearest" });
  }, [index, query]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = {
      ArrowDown: (index + 1) % Math.max(1, count),
      ArrowUp: (index - 1 + count) % Math.max(1, count),
      PageDown: Math.min(count - 1, index + 8),
      PageUp: Math.max(0, index - 8),
    }[event.key];
    if (to !== undefined && count > 0) {
      event.preventDefault();
      move(to);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (count > 0) onChoose(index);
    }
  }

  return {
    index,
    input: {
      role: "combobox",
      "aria-expanded": count > 0,
      "aria-controls": `${id}-list`,
      "aria-autocomplete": "list",
      "aria-activedescendant": count > 0 ? `${id}-${index}` : undefined,
      autoComplete: "off",
      spellCheck: false,
      onKeyDown,
    } as const,
    list: { ref: list, id: `${id}-list`, role: "listbox", "aria-label": label } as const,
    option: (at: number) => ({
      id: `${id}-${at}`,
      role: "option" as const,
      "aria-selected": at === index,
      "data-index": at,
      // The field keeps the focus.
      onPointerDown: (event: { preventDefault: () => void }) => event.preventDefault(),
      onPointerMove: () => at !== index && move(at),
      onClick: () => onChoose(at),
    }),
  };
}
