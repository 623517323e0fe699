// What keys do in a chart that has the focus, and what the help sheet says of them.

import { useEffect } from "react";

import { shortcuts } from "../ui/shortcuts";

export type ChartAction =
  | { kind: "move"; points: number }
  | { kind: "end"; last: boolean }
  | { kind: "series"; by: 1 | -1 }
  | { kind: "shift"; by: 1 | -1 }
  | { kind: "zoom"; factor: number }
  | { kind: "pin" }
  | { kind: "leave" };

type Press = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

/** actionOf is what a key does in a chart; undefined when it is not the chart's. */
export function actionOf({ key, shiftKey, ctrlKey, metaKey, altKey }: Press): ChartAction | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  if (shiftKey && key === "ArrowLeft") return { kind: "shift", by: -1 };
  if (shiftKey && key === "ArrowRight") return { kind: "shift", by: 1 };
  switch (key) {
    case "ArrowLeft":
      return { kind: "move", points: -1 };
    case "ArrowRight":
      return { kind: "move", points: 1 };
    case "PageUp":
      return { kind: "move", points: -10 };
    case "PageDown":
      return { kind: "move", points: 10 };
    case "Home":
      return { kind: "end", last: false };
    case "End":
      return { kind: "end", last: true };
    case "ArrowUp":
      return { kind: "series", by: -1 };
    case "ArrowDown":
      return { kind: "series", by: 1 };
    case "+":
    case "=":
      return { kind: "zoom", factor: 0.5 };
    case "-":
    case "_":
      return { kind: "zoom", factor: 2 };
    case "Enter":
      return { kind: "pin" };
    case "Escape":
      return { kind: "leave" };
    default:
      return undefined;
  }
}

/** The keys, as the help sheet lists them. */
export const chartKeys: readonly { keys: readonly string[]; label: string }[] = [
  { keys: ["ArrowLeft", "ArrowRight"], label: "Move the cursor by a point" },
  { keys: ["PageUp", "PageDown"], label: "Move the cursor by ten points" },
  { keys: ["Home", "End"], label: "First or last point" },
  { keys: ["ArrowUp", "ArrowDown"], label: "Next larger or smaller series" },
  { keys: ["Enter"], label: "Pin the values" },
  { keys: ["shift+ArrowLeft", "shift+ArrowRight"], label: "Earlier or later" },
  { keys: ["+", "-"], label: "Zoom in or out" },
  { keys: ["Escape"], label: "Leave the chart" },
];

let charts = 0;
let leave: (() => void)[] = [];

/** useChartKeys lists the keys in the help sheet while there is a chart on the page. */
export function useChartKeys(): void {
  useEffect(() => {
    charts += 1;
    if (charts === 1) leave = chartKeys.map(({ keys, label }) => shortcuts.add({ keys, label, group: "A chart with the focus", listOnly: true, handler: () => undefined }));
    return () => {
      charts -= 1;
      if (charts > 0) return;
      leave.forEach((remove) => remove());
      leave = [];
    };
  }, []);
}

/** shifted moves a range by half of its width. */
export function shifted(from: number, to: number, by: 1 | -1): [number, number] {
  const half = (to - from) / 2;
  return [from + by * half, to + by * half];
}

/** zoomed makes a range wider or narrower around a moment that keeps its place. */
export function zoomed(from: number, to: number, factor: number, around = (from + to) / 2): [number, number] {
  return [around - (around - from) * factor, around + (to - around) * factor];
}
