// Keys as they stand on the keyboard: "mod+k" is Ctrl K, on a Mac ⌘ K.

import classes from "./Keys.module.css";

const names: Record<string, string> = { shift: "Shift", alt: "Alt", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

/** isMac says whether Cmd is where other keyboards have Ctrl. */
export function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}

/** namesOf splits "g o" or "mod+k" into the names of its keys. */
export function namesOf(keys: string): string[] {
  // A lone "+" is a key.
  return keys.split(" ").flatMap((part) => (part.length === 1 ? [part] : part.split("+"))).map((key) => {
    if (key === "mod") return isMac() ? "⌘" : "Ctrl";
    return names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  });
}

export function Keys({ keys }: { keys: string }) {
  return (
    <span className={classes.keys}>
      {namesOf(keys).map((name, i) => (
        <kbd key={i}>{name}</kbd>
      ))}
    </span>
  );
}
