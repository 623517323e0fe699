import { describe, expect, it } from "vitest";

import { newDocument, newPanel, withoutHistory } from "./document";
import { diffLines, withContext } from "./diff";
import { begin, record, redo, undo } from "./edit-history";
import { parseDashboardSearch, readValues, sectionsChange, variableChange, writeValues } from "./search";
import { addPanel } from "./operations";
import { formatOfUnit, unitOfFormat } from "./units";
import { readDocument, validateDocument } from "./validate";
import { unitNames } from "../format/units";

describe("undo and redo", () => {
  it("go back and forth", () => {
    let history = record(record(begin("a"), "b", "first"), "c", "second");
    history = undo(undo(history));
    expect(history.present).toBe("a");
    expect(undo(history)).toBe(history);
    expect(history.future.map((step) => step.label)).toEqual(["first", "second"]);
    history = redo(redo(history));
    expect(history.present).toBe("c");
    expect(redo(history)).toBe(history);
  });

  it("forget what was undone when something else is done", () => {
    const history = record(undo(record(begin(1), 2, "x")), 3, "y");
    expect(redo(history).present).toBe(3);
    expect(undo(history).present).toBe(1);
  });

  it("take steps of the same kind as one, until something is between", () => {
    let history = record(record(record(begin(0), 1, "move", true), 2, "move", true), 3, "other");
    history = record(history, 4, "move", true);
    expect(history.past.map((step) => step.value)).toEqual([0, 2, 3]);
    // After undo a new move is a step of its own.
    history = record(undo(history), 5, "move", true);
    expect(undo(history).present).toBe(3);
  });

  it("take no change as no step", () => {
    const history = begin({});
    expect(record(history, history.present, "x")).toBe(history);
  });
});

describe("the difference of two texts", () => {
  const marks = { same: " ", removed: "-", added: "+", gap: "…" };
  const shown = (before: string, after: string) => diffLines(before, after).map((line) => marks[line.kind] + line.text);

  it("shows what goes and what comes", () => {
    expect(shown("a\nb\nc", "a\nx\nc")).toEqual([" a", "-b", "+x", " c"]);
    expect(shown("a\nb", "a\nb")).toEqual([" a", " b"]);
    expect(shown("", "a")).toEqual(["-", "+a"]);
    expect(shown("a\nb\nc\nd", "a\nc\nd\ne")).toEqual([" a", "-b", " c", " d", "+e"]);
  });

  it("gives both texts back", () => {
    const before = "x\na\nb\nb\nc\nq\nz";
    const after = "a\nb\nd\nc\nc\nz\nx";
    const lines = diffLines(before, after);
    expect(lines.filter((line) => line.kind !== "added").map((line) => line.text).join("\n")).toBe(before);
    expect(lines.filter((line) => line.kind !== "removed").map((line) => line.text).join("\n")).toBe(after);
  });

  it("leaves out what is far from a change", () => {
    const before = Array.from({ length: 20 }, (_, i) => `line ${i}`).join("\n");
    const lines = withContext(diffLines(before, before.replace("line 10", "changed")), 2);
    expect(lines.map((line) => marks[line.kind] + line.text)).toEqual(["…8 lines are the same", " line 8", " line 9", "-line 10", "+changed", " line 11", " line 12", "…7 lines are the same"]);
  });
});

describe("the address", () => {
  it("holds values with commas and backslashes", () => {
    for (const values of [["a"], ["a", "b"], ["a,b", "c\\", "\\,"], [""]]) expect(readValues(writeValues(values))).toEqual(values);
  });

  it("is read, and what is wrong in it is nothing", () => {
    expect(parseDashboardSearch({ panel: "cpu", edit: "on", "var-host": "a,b", "var-": "x", sections: "2.0.x.2", version: "3", from: "now-1h" })).toEqual({
      panel: "cpu",
      editing: true,
      version: 3,
      toggled: [2, 0],
      variables: { host: ["a", "b"] },
    });
    expect(parseDashboardSearch({ version: "0", edit: "yes" })).toEqual({ editing: false, toggled: [], variables: {} });
  });

  it("is written as it is read", () => {
    expect(variableChange("host", ["a", "b,c"])).toEqual({ "var-host": "a,b\\,c" });
    expect(variableChange("host", undefined)).toEqual({ "var-host": undefined });
    expect(sectionsChange([3, 1])).toEqual({ sections: "1.3" });
    expect(sectionsChange([])).toEqual({ sections: undefined });
  });
});

describe("a document as code", () => {
  const sound = addPanel(newDocument("Test"), newPanel("StatChart", "One")).document;

  it("is taken when it is sound", () => {
    expect(validateDocument(sound)).toEqual([]);
    expect(readDocument(JSON.stringify(sound))).toEqual({ document: sound });
  });

  it.each([
    ["spec.panels.one.spec.plugin.kind", (d: typeof sound) => ((d.spec.panels["one"]!.spec.plugin as { kind?: string }).kind = undefined as never)],
    ["spec.layouts[0].spec.items[0].content.$ref", (d: typeof sound) => (d.spec.layouts[0]!.spec.items[0]!.content.$ref = "#/spec/panels/two")],
    ["spec.layouts[0].spec.items[0].width", (d: typeof sound) => (d.spec.layouts[0]!.spec.items[0]!.width = 25)],
    ["spec.display.name", (d: typeof sound) => (d.spec.display.name = " ")],
    ["spec.variables[0].spec.name", (d: typeof sound) => (d.spec.variables = [{ kind: "TextVariable", spec: { name: "1a", value: "" } }])],
    ["spec.panels.one.spec.queries[0].spec.plugin.spec.query", (d: typeof sound) => (d.spec.panels["one"]!.spec.queries = [{ kind: "TimeSeriesQuery", spec: { plugin: { kind: "x", spec: {} as never } } }])],
    ["kind", (d: typeof sound) => ((d as { kind: string }).kind = "Folder")],
    ["spec.tags", (d: typeof sound) => ((d.spec as { tags: unknown }).tags = "a")],
  ])("is refused with the place of the fault: %s", (path, damage) => {
    const document = structuredClone(sound);
    damage(document);
    expect(validateDocument(document).map((fault) => fault.path)).toEqual([path]);
  });

  it("is refused when it is no JSON, or nothing", () => {
    expect(readDocument("{")).toMatchObject({ faults: [{ path: "JSON" }] });
    expect(validateDocument(null)).toEqual([{ path: "the document", message: "must be an object" }]);
    expect(validateDocument([])).toHaveLength(1);
  });

  it("is a new one without its history", () => {
    const copy = withoutHistory({ ...sound, metadata: { name: "x", version: 7, updatedBy: "me" } });
    expect(copy.metadata).toEqual({ name: "" });
    expect(copy.spec).toEqual(sound.spec);
    expect(copy.spec).not.toBe(sound.spec);
  });
});

describe("units", () => {
  it("are the same after they were written", () => {
    for (const [unit] of unitNames) expect(unitOfFormat(formatOfUnit(unit))).toBe(unit);
  });

  it("are numbers when nobody knows them", () => {
    expect(unitOfFormat({ unit: "parsecs" })).toBe("count");
    expect(unitOfFormat(undefined)).toBe("count");
    expect(unitOfFormat({ unit: "requests/sec" })).toBe("perSecond");
  });
});
