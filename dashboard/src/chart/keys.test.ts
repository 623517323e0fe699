import { describe, expect, it } from "vitest";

import { rangeOf } from "../time/useZoom";
import { actionOf, chartKeys, shifted, zoomed } from "./keys";

const press = (key: string, modifiers: Partial<KeyboardEvent> = {}) => actionOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...modifiers });

describe("actionOf", () => {
  it("moves the cursor with arrows, the range with shift", () => {
    expect(press("ArrowRight")).toEqual({ kind: "move", points: 1 });
    expect(press("ArrowRight", { shiftKey: true })).toEqual({ kind: "shift", by: 1 });
  });

  it("leaves the browser its own keys", () => {
    expect(press("ArrowLeft", { altKey: true })).toBeUndefined();
    expect(press("+", { ctrlKey: true })).toBeUndefined();
    expect(press("Tab")).toBeUndefined();
  });

  it("serves every key that the help sheet lists", () => {
    for (const name of chartKeys.flatMap(({ keys }) => keys)) {
      const shiftKey = name.startsWith("shift+");
      expect(press(name.replace("shift+", ""), { shiftKey }), name).toBeDefined();
    }
  });
});

describe("ranges", () => {
  it("move by half, and zoom around a moment", () => {
    expect(shifted(100, 200, -1)).toEqual([50, 150]);
    expect(zoomed(100, 200, 2)).toEqual([50, 250]);
    expect(zoomed(100, 200, 0.5, 180)).toEqual([140, 190]);
  });

  const now = Date.parse("2026-11-24T12:00:00Z") / 1000;

  it.each([
    ["the past", now - 3600, now - 1800, true, { from: "2026-11-24T11:00:00Z", to: "2026-11-24T11:30:00Z" }],
    ["beyond now, live", now - 450, now + 150, true, { from: "now-10m", to: "now" }],
    ["beyond now, not live", now - 450, now + 150, false, { from: "2026-11-24T11:50:00Z", to: "2026-11-24T12:00:00Z" }],
    ["an odd length", now - 50, now + 25, true, { from: "now-75s", to: "now" }],
    ["too little", now - 100, now - 99.5, false, { from: "2026-11-24T11:58:18Z", to: "2026-11-24T11:58:23Z" }],
  ])("writes %s", (_, from, to, live, want) => {
    expect(rangeOf(from, to, now, live)).toEqual(want);
  });

  it("refuses the future", () => {
    expect(rangeOf(now + 10, now + 20, now, true)).toBeUndefined();
  });
});
