// What the command palette offers beside pages and things to find: pages register their actions.

import { useEffect, useSyncExternalStore } from "react";

export interface Command {
  /** Stays the same, so that the palette remembers what was used lately. */
  id: string;
  label: string;
  /** The heading it stands under: "Actions" by default. */
  group?: string;
  /** Other words that find it. */
  keywords?: string;
  /** Said beside the label: where it leads, or its shortcut. */
  hint?: string;
  run: () => void;
}

let commands: readonly Command[] = [];
const listeners = new Set<() => void>();

function change(next: readonly Command[]): void {
  commands = next;
  for (const listener of listeners) listener();
}

/** registerCommands offers commands until the returned function is called. */
export function registerCommands(added: readonly Command[]): () => void {
  change([...commands, ...added]);
  return () => change(commands.filter((command) => !added.includes(command)));
}

/** useCommands offers commands while a component is on the page; keep the list in a memo. */
export function useCommands(added: readonly Command[]): void {
  useEffect(() => registerCommands(added), [added]);
}

/** useRegisteredCommands lists what is offered now. */
export function useRegisteredCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => commands,
  );
}
