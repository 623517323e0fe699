// What every dialog does, however it looks.

import { useEffect, useRef, type RefObject } from "react";

/** Dialogs that are open, the top one last. */
const open: object[] = [];

/**
 * useDialog makes everything but dialogs inert, closes the top one by Escape, and gives the focus
 * back in the end.
 */
export function useDialog(dialog: RefObject<HTMLElement | null>, onClose: () => void): void {
  const before = useRef<Element>(undefined);
  before.current ??= document.activeElement ?? document.body;
  useEffect(() => {
    const root = document.getElementById("root");
    open.push(dialog);
    root?.setAttribute("inert", "");
    return () => {
      open.splice(open.indexOf(dialog), 1);
      if (open.length === 0) root?.removeAttribute("inert");
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus({ preventScroll: true });
    };
  }, [dialog]);

  useEffect(() => {
    function key(event: KeyboardEvent) {
      const target = event.target as Element;
      // Keys of a menu or a list that is open inside are theirs.
      const theirs = target.closest("[data-portal], [aria-haspopup][aria-expanded=true]") !== null;
      if (event.key !== "Escape" || event.defaultPrevented || theirs || open.at(-1) !== dialog) return;
      event.preventDefault();
      onClose();
    }
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, [dialog, onClose]);
}
