import { describe, expect, it } from "vitest";

import { metricsLink } from "../links";
import { parseSearch, stringifySearch } from "../search";
import { emptyEntry, letterOf, mostQueries, parseMetrics, writeMetrics, type MetricsState } from "./search";

const plain: MetricsState = { queries: [emptyEntry], view: "chart", kind: "line", log: false, unit: undefined, find: "", service: undefined };

function reread(state: MetricsState): MetricsState {
  return parseMetrics(parseSearch(stringifySearch(writeMetrics(state))));
}

describe("the address of Metrics", () => {
  it("says nothing of what is usual", () => {
    expect(stringifySearch(writeMetrics(plain))).toBe("");
    expect(parseMetrics({})).toEqual(plain);
  });

  it("is read as it was written", () => {
    const state: MetricsState = {
      queries: [
        { text: "up", legend: "{{job}}", hidden: false, builder: true },
        { ...emptyEntry, hidden: true },
        { text: 'rate(a{b="c & d=é"}[5m])', legend: "", hidden: true, builder: false },
        emptyEntry,
      ],
      view: "values",
      kind: "stacked",
      log: true,
      unit: "bytes",
      find: "http",
      service: "checkout",
    };
    expect(reread(state)).toEqual(state);
  });

  it("reads what links from other pages write", () => {
    const link = metricsLink(["up", "down"], { from: "now-1h", to: "now" });
    expect(parseMetrics(parseSearch(link.slice(link.indexOf("?")))).queries.map((query) => query.text)).toEqual(["up", "down"]);
  });

  it("takes away queries that are gone", () => {
    const changes = writeMetrics(plain, { q: "a", q2: "b", legend2: "c", query: "stays", from: "now-1h" });
    expect(changes).toMatchObject({ q: undefined, q2: undefined, legend2: undefined });
    expect(Object.keys(changes)).not.toContain("query");
    expect(Object.keys(changes)).not.toContain("from");
  });

  it("takes nonsense for nothing", () => {
    expect(parseMetrics({ kind: "pie", view: "3d", scale: "x", rows: "many", hide: "a,b" })).toEqual(plain);
    expect(parseMetrics({ q999999: "up" }).queries).toHaveLength(mostQueries);
    expect(parseMetrics({ rows: "5.5" }).queries).toHaveLength(1);
  });

  it("names queries by letters", () => {
    expect([0, 1, 19].map(letterOf)).toEqual(["A", "B", "T"]);
  });
});
