import { describe, expect, it } from "vitest";

import { ApiError } from "../api/client";
import { explain } from "./builder/explain";
import { noAggregation, startOf } from "./builder/model";
import { sparkQuery } from "./MetricRow";
import { replaceName } from "./Notices";
import { emptyEntry } from "./search";
import { servicesIn } from "./services";
import { faultOf } from "./useResults";
import { splitLabels } from "./ValuesTable";

describe("explain", () => {
  it.each([
    [startOf("", "gauge"), ""],
    [startOf("m", "gauge"), "The value of m, for each series."],
    [startOf("m", "counter"), "How fast m grows each second, added up for each service."],
    [{ ...startOf("m", "counter", { service: "cart" }), fn: "increase" as const, window: "5m", aggregation: { ...noAggregation, op: "max" as const } }, "How much m grew in the last 5m, where service is cart, the highest for all series together."],
    [{ ...startOf("m", "histogram"), top: { op: "topk" as const, k: 3 } }, "The value that 95 % of the observations of m stay below, for each service; only the largest 3 at each moment."],
    [{ ...startOf("m", "gauge"), filters: [{ label: "a", op: "!~" as const, value: "b" }, { label: "c", op: "=" as const, value: "" }] }, "The value of m, where a does not match b, for each series."],
  ])("%#: %s", (query, want) => {
    expect(explain(query)).toBe(want);
  });
});

describe("splitLabels", () => {
  it("tells labels that differ from those that all share", () => {
    const rows = [{ __name__: "up", job: "a", host: "x" }, { __name__: "up", job: "b", host: "x" }, { __name__: "up", host: "x" }];
    expect(splitLabels(rows)).toEqual({ differing: ["job"], same: [["__name__", "up"], ["host", "x"]] });
  });

  it("shows all labels of one series", () => {
    expect(splitLabels([{ __name__: "up", job: "a" }])).toEqual({ differing: ["__name__", "job"], same: [] });
    expect(splitLabels([])).toEqual({ differing: [], same: [] });
  });
});

describe("servicesIn", () => {
  const entry = (text: string, hidden = false) => ({ ...emptyEntry, text, hidden });

  it("takes them from filters and from answers, not from hidden queries", () => {
    expect(servicesIn([entry('rate(a{service="web"}[5m])'), entry('b{service="cart"}', true)], [{ labels: { service: "api" } }, { labels: {} }])).toEqual(["api", "web"]);
  });

  it("names none when there are many", () => {
    expect(servicesIn([], ["a", "b", "c", "d"].map((service) => ({ labels: { service } })))).toEqual([]);
  });
});

describe("replaceName", () => {
  it("replaces whole names only", () => {
    expect(replaceName("sum(foo) / foo_total + foo:rate", "foo", "bar")).toBe("sum(bar) / foo_total + foo:rate");
  });
});

describe("sparkQuery", () => {
  const metric = { name: "m", typed: true, unit: "", help: "", native: false };

  it("is one line of all series", () => {
    expect(sparkQuery({ ...metric, kind: "gauge" }, undefined)).toBe("avg(m)");
    expect(sparkQuery({ ...metric, kind: "counter" }, "web")).toBe('sum(rate(m{service="web"}[$__rate_interval]))');
    expect(sparkQuery({ ...metric, kind: "histogram" }, undefined)).toBe("sum(rate(m_count[$__rate_interval]))");
    expect(sparkQuery({ ...metric, kind: "histogram", native: true }, undefined)).toBe("histogram_count(sum(rate(m[$__rate_interval])))");
  });
});

describe("faultOf", () => {
  it("is what is wrong with a query, with its place if the text is as it was asked", () => {
    const error = new ApiError(400, "bad_data", "1:5: parse error: unclosed left parenthesis");
    expect(faultOf(error, "sum(", "sum(")).toEqual({ message: "unclosed left parenthesis", from: 4, to: 4 });
    expect(faultOf(error, "sum(rate(a[1m])", "sum(rate(a[$__rate_interval])")).toEqual({ message: "unclosed left parenthesis" });
    expect(faultOf(new Error("too many samples"), "a", "a")).toEqual({ message: "too many samples" });
  });

  it("is not the server's trouble", () => {
    for (const status of [0, 401, 429, 500, 503]) expect(faultOf(new ApiError(status, "x", "y"), "a", "a")).toBeUndefined();
    expect(faultOf(undefined, "a", "a")).toBeUndefined();
  });
});
