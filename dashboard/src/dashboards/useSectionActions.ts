// What the menus of sections do to the draft.

import { useMemo, useRef, useEffect } from "react";

import type { DialogState } from "./DashboardView";
import { arrange, moveSection, removeSection } from "./operations";
import type { SectionActions } from "./SectionMenu";
import type { Draft } from "./useDraft";

export function useSectionActions(draft: Draft, setDialog: (dialog: DialogState) => void): SectionActions {
  const latest = useRef(draft);
  useEffect(() => {
    latest.current = draft;
  });
  return useMemo(
    () => ({
      arrange: (index, places) => latest.current.change("Arrange panels", (document) => arrange(document, index, places)),
      addPanel: (section) => setDialog({ kind: "add", section }),
      rename: (index) => setDialog({ kind: "section", index }),
      move: (index, by) => latest.current.change("Move section", (document) => moveSection(document, index, by)),
      remove: (index) => latest.current.change("Remove section", (document) => removeSection(document, index)),
    }),
    [setDialog],
  );
}
