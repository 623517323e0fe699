import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";

/**
 * Search parameters of any page inside the shell. `from`, `to`, `live`, `refresh` and `tz` are
 * the shell's; every other one is its page's, which has a parser for it.
 */
export type PageSearch = Partial<Record<string, string>>;

/** What to change of a page's parameters; undefined takes one away. */
export type SearchChanges = Record<string, string | undefined>;

/**
 * useChangeSearch changes some parameters of the address and keeps the page and the others.
 * Typing and live changes replace the entry in the history, steps that one goes back from don't.
 */
export function useChangeSearch(): (changes: SearchChanges, options?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return useCallback(
    (changes, options) => void navigate({ to: ".", replace: options?.replace ?? false, resetScroll: false, search: (previous: object) => ({ ...previous, ...changes }) as never }),
    [navigate],
  );
}
