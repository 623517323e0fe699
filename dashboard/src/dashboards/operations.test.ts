import { describe, expect, it } from "vitest";

import type { DashboardDocument, GridItem } from "../api/dashboards";
import { columns, keyOfRef, metricsQuery, newDocument, newPanel, refOf } from "./document";
import { compact } from "./layout";
import { addPanel, addSection, arrange, duplicatePanel, freeKey, movePanel, movePanelToSection, moveSection, placeOf, removePanel, removeSection, resizePanel, tidy, updatePanel, updateSection, withSpec } from "./operations";

/** sound fails unless every item refers to a panel, every panel is shown once, and nothing overlaps. */
function sound(document: DashboardDocument): DashboardDocument {
  const shown = document.spec.layouts.flatMap((section) => section.spec.items.map(keyOfRef));
  expect(shown.toSorted()).toEqual(Object.keys(document.spec.panels).toSorted());
  for (const section of document.spec.layouts) {
    for (const [i, a] of section.spec.items.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.y).toBeGreaterThanOrEqual(0);
      expect(a.x + a.width).toBeLessThanOrEqual(columns);
      for (const b of section.spec.items.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart, `${keyOfRef(a)} over ${keyOfRef(b)}`).toBe(true);
      }
    }
  }
  return document;
}

const panel = (name: string) => newPanel("TimeSeriesChart", name, [metricsQuery("up")]);
const where = (document: DashboardDocument, key: string) => {
  const { section, item } = placeOf(document, key)!;
  return { section, x: item.x, y: item.y, w: item.width, h: item.height };
};

/** four has a and b side by side, c and d under them. */
function four(): DashboardDocument {
  let document = newDocument("Test");
  for (const name of ["a", "b", "c", "d"]) document = addPanel(document, panel(name)).document;
  return sound(document);
}

describe("adding", () => {
  it("goes beside the last panel where there is room, else under it", () => {
    const document = four();
    expect(where(document, "a")).toEqual({ section: 0, x: 0, y: 0, w: 12, h: 8 });
    expect(where(document, "b")).toMatchObject({ x: 12, y: 0 });
    expect(where(document, "c")).toMatchObject({ x: 0, y: 8 });
    expect(where(document, "d")).toMatchObject({ x: 12, y: 8 });
  });

  it("gives each panel a key of its own", () => {
    const document = four();
    const added = addPanel(document, panel("A"));
    expect(added.key).toBe("a-2");
    expect(freeKey(document, "CPU / by mode!")).toBe("cpu-by-mode");
    expect(freeKey(document, "…")).toBe("panel");
    sound(added.document);
  });

  it("makes the first section when there is none, and takes the one that is said", () => {
    expect(sound(addPanel(withSpec(newDocument("x"), { layouts: [] }), panel("a")).document).spec.layouts).toHaveLength(1);
    const two = addSection(four(), "Second");
    expect(where(sound(addPanel(two, panel("e")).document), "e").section).toBe(1);
    expect(where(sound(addPanel(two, panel("e"), { section: 0 }).document), "e").section).toBe(0);
    expect(where(sound(addPanel(two, panel("e"), { section: 9 }).document), "e").section).toBe(1);
  });

  it("doesn't change the document that it was given", () => {
    const document = four();
    const before = JSON.stringify(document);
    addPanel(document, panel("e"));
    duplicatePanel(document, "a");
    removePanel(document, "a");
    movePanel(document, "a", 0, 1);
    expect(JSON.stringify(document)).toBe(before);
  });
});

describe("duplicating", () => {
  it("puts the copy beside or under, and makes room", () => {
    const document = sound(duplicatePanel(four(), "a")!.document);
    expect(where(document, "a-copy")).toMatchObject({ x: 12, y: 0 });
    expect(where(document, "b")).toMatchObject({ x: 12, y: 8 });
    const under = sound(duplicatePanel(four(), "b")!.document);
    expect(where(under, "b-copy")).toMatchObject({ x: 12, y: 8 });
    expect(where(under, "d")).toMatchObject({ x: 12, y: 16 });
  });

  it("makes a copy that changes by itself", () => {
    const { document, key } = duplicatePanel(four(), "a")!;
    const changed = updatePanel(document, key, panel("other"));
    expect(changed.spec.panels["a"]?.spec.display.name).toBe("a");
    expect(duplicatePanel(four(), "nobody")).toBeUndefined();
  });
});

describe("removing", () => {
  it("takes the panel and its place, and closes the hole", () => {
    const document = sound(removePanel(four(), "a"));
    expect(document.spec.panels["a"]).toBeUndefined();
    expect(where(document, "c")).toMatchObject({ x: 0, y: 0 });
    expect(where(document, "b")).toMatchObject({ x: 12, y: 0 });
  });
});

describe("moving", () => {
  it("goes past the next panel down and up", () => {
    const down = sound(movePanel(four(), "a", 0, 1));
    expect(where(down, "c")).toMatchObject({ x: 0, y: 0 });
    expect(where(down, "a")).toMatchObject({ x: 0, y: 8 });
    const back = sound(movePanel(down, "a", 0, -1));
    expect(where(back, "a")).toMatchObject({ x: 0, y: 0 });
    expect(where(back, "c")).toMatchObject({ x: 0, y: 8 });
  });

  it("goes by columns, and what is in the way makes room", () => {
    const right = sound(movePanel(four(), "a", 1, 0));
    expect(where(right, "a")).toMatchObject({ x: 1, y: 0 });
    expect(where(right, "b").y).toBe(8);
    expect(where(sound(movePanel(four(), "a", -1, 0)), "a")).toMatchObject({ x: 0, y: 0 });
    expect(where(sound(movePanel(four(), "b", 5, 0)), "b")).toMatchObject({ x: 12 });
  });

  it("stops at the ends", () => {
    const document = four();
    expect(where(movePanel(document, "a", 0, -1), "a")).toMatchObject({ y: 0 });
    expect(where(movePanel(document, "c", 0, 1), "c")).toMatchObject({ y: 8 });
    expect(movePanel(document, "nobody", 1, 0)).toBe(document);
  });

  it("stays sound however often and wherever", () => {
    let document = four();
    let seed = 7;
    for (let i = 0; i < 400; i++) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const key = ["a", "b", "c", "d"][seed % 4]!;
      const by = ((seed >> 4) % 5) - 2;
      const act = (seed >> 8) % 4;
      document = act === 0 ? movePanel(document, key, by, 0) : act === 1 ? movePanel(document, key, 0, Math.sign(by)) : act === 2 ? resizePanel(document, key, by, 0) : resizePanel(document, key, 0, by);
      sound(document);
    }
  });
});

describe("resizing", () => {
  it("pushes what is in the way, and keeps to the grid", () => {
    const wider = sound(resizePanel(four(), "a", 4, 0));
    expect(where(wider, "a")).toMatchObject({ w: 16, h: 8 });
    expect(where(wider, "b").y).toBe(8);
    expect(where(sound(resizePanel(four(), "b", 40, 0)), "b")).toMatchObject({ w: 12 });
    expect(where(sound(resizePanel(four(), "a", -40, -40)), "a")).toMatchObject({ w: 3, h: 2 });
  });
});

describe("arranging", () => {
  it("takes places over, and is nothing when all stay", () => {
    const document = four();
    const places = new Map(document.spec.layouts[0]!.spec.items.map((item) => [keyOfRef(item)!, item]));
    expect(arrange(document, 0, places)).toBe(document);
    places.set("a", { ...places.get("a")!, height: 9 });
    expect(where(arrange(document, 0, places), "a")).toMatchObject({ h: 9 });
    expect(arrange(document, 5, places)).toBe(document);
  });
});

describe("sections", () => {
  it("are added, changed and moved with their panels", () => {
    const two = addPanel(addSection(four(), "Second"), panel("e")).document;
    const moved = sound(moveSection(two, 1, -1));
    expect(moved.spec.layouts.map((section) => section.spec.display?.title)).toEqual(["Second", undefined]);
    expect(where(moved, "e").section).toBe(0);
    expect(moveSection(two, 0, -1)).toBe(two);
    expect(moveSection(two, 1, 1)).toBe(two);
    expect(updateSection(two, 1, "Third", false).spec.layouts[1]?.spec.display).toEqual({ title: "Third", collapse: { open: false } });
  });

  it("take the place of the empty one that a new dashboard has", () => {
    expect(addSection(newDocument("x"), "First").spec.layouts).toHaveLength(1);
  });

  it("leave their panels when they go", () => {
    const two = addPanel(addSection(four(), "Second"), panel("e")).document;
    const one = sound(removeSection(two, 1));
    expect(one.spec.layouts).toHaveLength(1);
    expect(where(one, "e")).toMatchObject({ section: 0, y: 16 });
    const first = sound(removeSection(two, 0));
    expect(first.spec.layouts[0]?.spec.display?.title).toBe("Second");
    expect(where(first, "e")).toMatchObject({ y: 16 });
    expect(sound(removeSection(updateSection(four(), 0, "Only", true), 0)).spec.layouts[0]?.spec.display).toBeUndefined();
  });

  it("take panels from each other", () => {
    const two = addSection(four(), "Second");
    const moved = sound(movePanelToSection(two, "a", 1));
    expect(where(moved, "a")).toMatchObject({ section: 1, x: 0, y: 0 });
    expect(where(moved, "c")).toMatchObject({ section: 0, y: 0 });
  });
});

describe("tidy", () => {
  it("mends what comes from elsewhere", () => {
    const item = (key: string, place: Partial<GridItem>): GridItem => ({ x: 0, y: 0, width: 12, height: 8, content: { $ref: refOf(key) }, ...place });
    const broken = withSpec(four(), {
      layouts: [{ kind: "Grid", spec: { items: [item("a", { x: 20, width: 30 }), item("a", { y: 3 }), item("gone", {}), item("b", { y: 2, height: 0 })] } }],
    });
    const mended = sound(tidy(broken));
    expect(where(mended, "a")).toEqual({ section: 0, x: 0, y: 0, w: 24, h: 8 });
    expect(Object.keys(mended.spec.panels).toSorted()).toEqual(["a", "b", "c", "d"]);
  });

  it("changes nothing where all is well", () => {
    expect(tidy(four())).toEqual(four());
  });
});

describe("compact", () => {
  it("closes holes without changing who is above whom", () => {
    const at = (x: number, y: number, width: number, height: number, key: string): GridItem => ({ x, y, width, height, content: { $ref: refOf(key) } });
    const items = compact([at(0, 5, 12, 4, "low"), at(0, 2, 24, 2, "top"), at(12, 20, 12, 3, "far")]);
    expect(items.map((item) => item.y)).toEqual([2, 0, 2]);
  });
});
