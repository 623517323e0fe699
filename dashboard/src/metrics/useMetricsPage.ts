// The state of the Metrics page: what the address says, and what is being typed and not run yet.

import { useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";

import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { emptyEntry, mostQueries, parseMetrics, writeMetrics, type MetricsState, type QueryEntry } from "./search";

/** What is typed and not run: void as soon as the address has other queries than when typing began. */
interface Drafts {
  base: string;
  texts: Readonly<Record<number, string>>;
}

const noDrafts: Drafts = { base: "", texts: {} };

function signatureOf(queries: readonly QueryEntry[]): string {
  return JSON.stringify(queries.map((query) => query.text));
}

export interface MetricsPageState extends MetricsState {
  /** The queries as they stand in the editors. */
  drafts: readonly string[];
  /** Something was typed that has not been run. */
  dirty: boolean;
  setDraft: (index: number, text: string) => void;
  /** run makes the drafts the page's queries; with one text for one query it need not wait for state. */
  run: (index?: number, text?: string) => void;
  add: () => void;
  remove: (index: number) => void;
  duplicate: (index: number) => void;
  move: (index: number, by: -1 | 1) => void;
  change: (index: number, entry: Partial<QueryEntry>) => void;
  /** set changes how queries are shown. */
  set: (state: Partial<MetricsState>, options?: { replace?: boolean }) => void;
}

export function useMetricsPage(): MetricsPageState {
  const search: PageSearch = useSearch({ strict: false });
  const changeSearch = useChangeSearch();
  const state = useMemo(() => parseMetrics(search), [search]);
  const [typed, setTyped] = useState(noDrafts);
  const { queries } = state;
  const signature = useMemo(() => signatureOf(queries), [queries]);

  const drafts = useMemo(
    () => queries.map((query, i) => (typed.base === signature ? (typed.texts[i] ?? query.text) : query.text)),
    [queries, typed, signature],
  );

  const set = useCallback<MetricsPageState["set"]>((next, options) => changeSearch(writeMetrics({ ...state, ...next }, search), options), [changeSearch, state, search]);

  /** with gives the queries as they are typed, so that no step loses what was written. */
  const withDrafts = useCallback((): QueryEntry[] => queries.map((query, i) => ({ ...query, text: drafts[i] ?? query.text })), [queries, drafts]);

  const commit = useCallback(
    (next: QueryEntry[], options?: { replace?: boolean }) => {
      // Other queries in the address void the drafts when they are there, not a moment before:
      // the editors would show the old text in between.
      if (signatureOf(next) === signature) setTyped(noDrafts);
      set({ queries: next.length === 0 ? [emptyEntry] : next.slice(0, mostQueries) }, options);
    },
    [set, signature],
  );

  return useMemo(
    () => ({
      ...state,
      drafts,
      dirty: drafts.some((text, i) => text !== queries[i]?.text),
      setDraft: (index, text) => setTyped((before) => ({ base: signature, texts: { ...(before.base === signature ? before.texts : {}), [index]: text } })),
      run: (index, text) => commit(withDrafts().map((query, i) => (i === index && text !== undefined ? { ...query, text: text.trim() } : { ...query, text: query.text.trim() }))),
      add: () => commit([...withDrafts(), { ...emptyEntry, builder: queries.at(-1)?.builder ?? false }]),
      remove: (index) => commit(withDrafts().filter((_, i) => i !== index)),
      duplicate: (index) => {
        const all = withDrafts();
        commit([...all.slice(0, index + 1), { ...(all[index] ?? emptyEntry) }, ...all.slice(index + 1)]);
      },
      move: (index, by) => {
        const all = withDrafts();
        const [moved] = all.splice(index, 1);
        if (moved) all.splice(index + by, 0, moved);
        commit(all);
      },
      change: (index, entry) => commit(withDrafts().map((query, i) => (i === index ? { ...query, ...entry } : query))),
      set,
    }),
    [state, drafts, queries, signature, commit, withDrafts, set],
  );
}
