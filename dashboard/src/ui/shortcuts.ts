// Keyboard shortcuts: whoever is on the page registers its own, one listener serves them all,
// and the help sheet lists them.

import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  /**
   * "r", "?", "g o" (one after the other), "mod+k" (Ctrl, on a Mac Cmd), "shift+ArrowLeft",
   * "Space"; several of them for one thing in a list.
   */
  keys: string | readonly string[];
  /** What it does, as the help sheet writes it: "Refresh". */
  label: string;
  /** The heading in the help sheet. */
  group: string;
  handler: (event: KeyboardEvent) => void;
  /** Also while somebody types; only for keys with mod. */
  whileTyping?: boolean;
  /** Something on the page serves these keys itself while it has the focus; they are only listed. */
  listOnly?: boolean;
}

/** How long the second key of "g o" may take. */
const sequenceMillis = 1200;

const typing = "input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox], [role=combobox]";
const ownKeys = "[role=menu], [role=listbox]";

/** keyOf names a key press as shortcuts are written. */
export function keyOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const name = event.key === " " ? "Space" : event.key;
  const letter = name.length === 1;
  // Shift is part of "?" already; with a named key or a letter it says something.
  const shift = event.shiftKey && (!letter || /[a-z]/i.test(name));
  return `${event.ctrlKey || event.metaKey ? "mod+" : ""}${event.altKey ? "alt+" : ""}${shift ? "shift+" : ""}${letter ? name.toLowerCase() : name}`;
}

export class ShortcutRegistry {
  private shortcuts: readonly Shortcut[] = [];
  private readonly listeners = new Set<() => void>();
  private first: { key: string; at: number } | undefined;

  /** add makes a shortcut work until the returned function is called. The last one added wins. */
  add(shortcut: Shortcut): () => void {
    this.shortcuts = [...this.shortcuts, shortcut];
    this.tell();
    return () => {
      this.shortcuts = this.shortcuts.filter((other) => other !== shortcut);
      this.tell();
    };
  }

  readonly list = (): readonly Shortcut[] => this.shortcuts;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** press serves a key press. */
  readonly press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.key === "Shift") return;
    const key = keyOf(event);
    const sequence = this.first && event.timeStamp - this.first.at < sequenceMillis ? `${this.first.key} ${key}` : undefined;
    this.first = undefined;
    const busy = isBusy(event, key);
    const wanted = (shortcut: Shortcut) => (!busy || (shortcut.whileTyping && key.startsWith("mod+")));
    const found = (sequence && this.find(sequence, wanted)) || this.find(key, wanted);
    if (found) {
      event.preventDefault();
      found.handler(event);
      return;
    }
    if (!busy && this.shortcuts.some((shortcut) => all(shortcut).some((keys) => keys.startsWith(`${key} `)))) this.first = { key, at: event.timeStamp };
  };

  private find(keys: string, wanted: (shortcut: Shortcut) => boolean | undefined): Shortcut | undefined {
    return this.shortcuts.findLast((shortcut) => !shortcut.listOnly && all(shortcut).includes(keys) && wanted(shortcut));
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

const all = ({ keys }: Shortcut): readonly string[] => (typeof keys === "string" ? [keys] : keys);

/** isBusy says that keys belong to what has the focus, or to a dialog. */
function isBusy(event: KeyboardEvent, key: string): boolean {
  // The first of the path is inside a shadow root too, where the query editor is.
  const target = event.composedPath()[0];
  if (document.querySelector("[role=dialog][aria-modal=true]")) return true;
  if (!(target instanceof Element)) return false;
  if (key === "Space") return target !== document.body && target.tagName !== "MAIN";
  return target.closest(typing) !== null || target.closest(ownKeys) !== null;
}

/** The shortcuts of the whole app. */
export const shortcuts = new ShortcutRegistry();

/** useShortcuts lists what works on this page now. */
export function useShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(shortcuts.subscribe, shortcuts.list);
}

interface Options {
  group?: string;
  whileTyping?: boolean;
  /** false takes the shortcut away for now. */
  enabled?: boolean;
}

/**
 * useShortcut makes a key work while the component is on the page, and lists it in the help
 * sheet under its group, by default "This page". While somebody types keys are text.
 */
export function useShortcut(keys: string | readonly string[], label: string, handler: (event: KeyboardEvent) => void, options: Options = {}): void {
  const { group = "This page", whileTyping = false, enabled = true } = options;
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  const written = typeof keys === "string" ? keys : keys.join("\n");
  useEffect(() => {
    if (!enabled) return undefined;
    return shortcuts.add({ keys: written.split("\n"), label, group, whileTyping, handler: (event) => latest.current(event) });
  }, [written, label, group, whileTyping, enabled]);
}
