// The document while it is edited: what was opened, what it has become, and the way back.

import { useCallback, useMemo, useState } from "react";

import type { DashboardDocument } from "../api/dashboards";
import { begin, record, redo, undo, type EditHistory } from "./edit-history";
import { tidy } from "./operations";

export interface Draft {
  document: DashboardDocument;
  /** It differs from what is saved. */
  dirty: boolean;
  change: (label: string, make: (document: DashboardDocument) => DashboardDocument, join?: boolean) => void;
  /** What undo and redo would do; undefined when there is nothing. */
  undoLabel: string | undefined;
  redoLabel: string | undefined;
  undo: () => void;
  redo: () => void;
  /** Forgets all changes. */
  reset: () => void;
}

interface State {
  base: DashboardDocument;
  history: EditHistory<DashboardDocument>;
}

/** useDraft keeps changes of a document until another version of it is given. */
export function useDraft(saved: DashboardDocument): Draft {
  const fresh = useMemo(() => tidy(saved), [saved]);
  const [state, setState] = useState<State>({ base: fresh, history: begin(fresh) });
  const current = state.base === fresh ? state : { base: fresh, history: begin(fresh) };
  if (current !== state) setState(current);
  const step = useCallback((move: (history: EditHistory<DashboardDocument>) => EditHistory<DashboardDocument>) => setState((before) => ({ ...before, history: move(before.history) })), []);
  const { history, base } = current;
  return {
    document: history.present,
    dirty: history.present !== base && JSON.stringify(history.present.spec) !== JSON.stringify(base.spec),
    change: useCallback((label, make, join = false) => step((before) => record(before, make(before.present), label, join)), [step]),
    undoLabel: history.past.at(-1)?.label,
    redoLabel: history.future[0]?.label,
    undo: useCallback(() => step(undo), [step]),
    redo: useCallback(() => step(redo), [step]),
    reset: useCallback(() => setState((before) => ({ ...before, history: begin(before.base) })), []),
  };
}
