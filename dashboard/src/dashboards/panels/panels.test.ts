import { describe, expect, it } from "vitest";

import type { Panel } from "../../api/dashboards";
import { kinds, logsQuery, metricsQuery, newPanel } from "../document";
import { addQuery, removeQuery, setAxis, setDrawing, setKind, setLegend, setQuery, setQueryKind, setThresholds, setUnit, unitOf } from "../editor/edit-panel";
import { align, calculate, calculationOf, levelOfColour, thresholdsFor } from "./data";
import { withValue } from "./LogBars";
import { toHTML } from "./Markdown";
import { timeSeriesSettings } from "./spec";
import { labelsOf, rowsOf } from "./TablePanel";
import { named } from "./usePanelSeries";

describe("one number of a series", () => {
  it.each([
    ["last", 3],
    ["first", 5],
    ["min", 1],
    ["max", 5],
    ["mean", 3],
    ["sum", 9],
  ] as const)("%s", (calculation, want) => {
    expect(calculate([null, 5, 1, null, 3, null], calculation)).toBe(want);
    expect(calculate([null], calculation)).toBeNull();
  });

  it("reads Perses' names, and takes the last of what it doesn't know", () => {
    expect(calculationOf("last-number")).toBe("last");
    expect(calculationOf("mean")).toBe("mean");
    expect(calculationOf("median")).toBe("last");
    expect(calculationOf(undefined)).toBe("last");
  });
});

describe("several queries on one axis", () => {
  const frame = (times: number[], values: number[]) => ({ times, series: [{ key: "k", labels: {}, values }] });

  it("stay as they are when their times are the same", () => {
    const a = frame([1, 2], [5, 6]);
    expect(align([a, frame([1, 2], [7, 8])])[0]).toBe(a);
  });

  it("get gaps where only others have a time", () => {
    const [a, b] = align([frame([1, 3], [5, 6]), frame([2, 3], [7, 8])]);
    expect(a).toEqual({ times: [1, 2, 3], series: [{ key: "k", labels: {}, values: [5, null, 6] }] });
    expect(b!.series[0]!.values).toEqual([null, 7, 8]);
  });

  it("leave out those that have no answer yet", () => {
    expect(align([frame([], []), frame([1], [2])])[0]!.series).toEqual([]);
  });

  it("keep the series of queries apart", () => {
    const all = named([frame([1], [2]), frame([1], [3])], ["first", "second"], ["a", "b"]);
    expect(all.series.map(({ key, name, query }) => [key, name, query])).toEqual([["0 k", "first", 0], ["1 k", "second", 1]]);
  });
});

describe("thresholds", () => {
  it("are in order, with what their colours mean", () => {
    const steps = [{ value: 95, color: "red" }, { value: 80, color: "#EAB839" }, { value: Number.NaN }];
    expect(thresholdsFor({ steps })).toEqual([
      { value: 80, level: "warn", label: undefined },
      { value: 95, level: "bad", label: undefined },
    ]);
    expect(thresholdsFor({ mode: "percent", steps: [{ value: 50 }] }, 8)[0]).toMatchObject({ value: 4, level: "warn" });
    expect(thresholdsFor(undefined)).toEqual([]);
  });

  it.each([
    ["dark-red", "bad"],
    ["orange", "warn"],
    ["semi-dark-green", "good"],
    ["purple", "info"],
    ["#73BF69", "good"],
    ["#F2495C", "bad"],
    ["#5794F2", "info"],
    ["#f00", "bad"],
  ])("the colour %s means %s", (colour, level) => {
    expect(levelOfColour(colour, 0)).toBe(level);
  });
});

describe("a table", () => {
  const answer = (metric: Record<string, string>, value: string) => ({ metric, value: [0, value] as [number, string] });

  it("joins queries by labels", () => {
    const rows = rowsOf([{ series: [answer({ __name__: "a", host: "x" }, "1"), answer({ host: "y" }, "NaN")] }, { series: [answer({ __name__: "b", host: "x" }, "2")] }]);
    expect(rows.map(({ labels, values }) => [labels, values])).toEqual([
      [{ host: "x" }, [1, 2]],
      [{ host: "y" }, [null, null]],
    ]);
  });

  it("has the labels that differ first, and the name only where it says something", () => {
    const rows = rowsOf([{ series: [answer({ __name__: "up", a: "1", b: "1" }, "1"), answer({ __name__: "up", a: "1", b: "2" }, "1")] }]);
    expect(labelsOf(rows)).toEqual(["b", "a"]);
    expect(labelsOf(rowsOf([{ series: [answer({ __name__: "x" }, "1"), answer({ __name__: "y" }, "1")] }]))).toEqual(["__name__"]);
  });
});

describe("a filter narrowed to a value", () => {
  it.each([
    ["", "service", "cart", "service:=cart"],
    ["*", "service", "a b", 'service:="a b"'],
    ["level:error", "service", "cart", "level:error service:=cart"],
    ["a OR b", "service", "cart", "(a OR b) service:=cart"],
  ])("%s", (filter, field, value, want) => {
    expect(withValue(filter, field, value)).toBe(want);
  });
});

describe("text", () => {
  it("is Markdown, and nothing that runs or loads", () => {
    expect(toHTML("# A\n\n**b** [c](/logs)")).toBe('<h4 data-size="1">A</h4>\n<p><strong>b</strong> <a href="/logs">c</a></p>\n');
    expect(toHTML("<img src=x onerror=alert(1)>")).not.toContain("<img");
    expect(toHTML("![p](https://other.example/p.png)")).toBe('<p><a href="https://other.example/p.png" target="_blank" rel="noopener noreferrer">p</a></p>\n');
    expect(toHTML("[x](javascript:alert(1))")).not.toContain("javascript");
    expect(toHTML("[x](//other.example)")).not.toContain("href");
    expect(toHTML("<script>alert(1)</script>")).not.toContain("<script");
  });
});

describe("editing a panel", () => {
  const panel = newPanel("TimeSeriesChart", "CPU", [metricsQuery("up", { minStep: "1m" })], { legend: { position: "bottom", mode: "list" }, querySettings: [1] });
  const spec = (one: Panel) => one.spec.plugin.spec;

  it("writes what is read again", () => {
    for (const drawing of ["line", "area", "stacked", "bar"] as const) expect(timeSeriesSettings(setDrawing(panel, drawing)).drawing).toBe(drawing);
    for (const legend of ["list", "table", "none"] as const) expect(timeSeriesSettings(setLegend(panel, legend)).legend).toBe(legend);
    expect(timeSeriesSettings(setUnit(panel, "bytes")).unit).toBe("bytes");
    const axis = timeSeriesSettings(setAxis(setUnit(panel, "bytes"), { min: 1, max: 9, logBase: 10 }));
    expect(axis).toMatchObject({ min: 1, max: 9, log: true, unit: "bytes" });
    expect(timeSeriesSettings(setAxis(setAxis(panel, { max: 9 }), { max: undefined })).max).toBeUndefined();
  });

  it("keeps what it doesn't know", () => {
    expect(spec(setDrawing(setUnit(panel, "bytes"), "stacked"))["querySettings"]).toEqual([1]);
  });

  it("takes unit and thresholds along to another kind", () => {
    const stat = setKind(setThresholds(setUnit(panel, "seconds"), [{ value: 1 }]), "StatChart");
    expect(unitOf(stat)).toBe("seconds");
    expect(spec(stat)["thresholds"]).toEqual({ steps: [{ value: 1 }] });
    expect(stat.spec.queries).toEqual(panel.spec.queries);
    expect(setKind(stat, "StatChart")).toBe(stat);
  });

  it("gives each kind queries that it can ask", () => {
    for (const { kind, asks } of kinds) {
      const queries = setKind(panel, kind).spec.queries ?? [];
      expect(queries.map((query) => query.kind)).toEqual(asks === "nothing" ? [] : asks === "logs" ? ["LogQuery"] : ["TimeSeriesQuery"]);
    }
    expect(setKind(newPanel("LogsTable", "x", [logsQuery("a")]), "BarChart").spec.queries).toEqual([logsQuery("a")]);
  });

  it("changes, adds and removes queries", () => {
    const changed = setQuery(panel, 0, { query: "down", minStep: undefined, seriesNameFormat: "{{a}}" });
    expect(changed.spec.queries?.[0]).toEqual(metricsQuery("down", { seriesNameFormat: "{{a}}" }));
    expect(removeQuery(addQuery(panel), 0).spec.queries).toEqual([metricsQuery("")]);
    expect(setQueryKind(panel, 0, true).spec.queries).toEqual([logsQuery("*")]);
    expect(setQueryKind(panel, 0, false).spec.queries?.[0]).toBe(panel.spec.queries?.[0]);
  });
});
