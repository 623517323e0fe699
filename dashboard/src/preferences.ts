// What a user prefers in this browser, beyond what is in an address: kept in local storage and
// the same in all its tabs.

import { useSyncExternalStore } from "react";

const defaults = {
  /** The zone of pages whose address names none; empty is the browser's. */
  zone: "",
  /** How much room rows get: "compact" or "comfortable". */
  density: "compact",
};

export type PreferenceName = keyof typeof defaults;

const key = (name: PreferenceName) => `pharos.preference.${name}`;
const listeners = new Set<() => void>();

export function preference(name: PreferenceName): string {
  try {
    return localStorage.getItem(key(name)) ?? defaults[name];
  } catch {
    return defaults[name];
  }
}

export function setPreference(name: PreferenceName, value: string): void {
  try {
    if (value === defaults[name]) localStorage.removeItem(key(name));
    else localStorage.setItem(key(name), value);
  } catch {
    // Without storage it lasts as long as the page doesn't ask again.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  globalThis.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    globalThis.removeEventListener("storage", listener);
  };
}

/** usePreference follows what is preferred. */
export function usePreference(name: PreferenceName): string {
  return useSyncExternalStore(subscribe, () => preference(name));
}
