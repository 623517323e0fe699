import { describe, expect, it } from "vitest";

import { autoWindow, functionsOf, noAggregation, startOf, type AggregationOp, type BuilderQuery, type MetricKind } from "./model";
import { readQuery } from "./read";
import { writeQuery } from "./write";

const base: BuilderQuery = { ...startOf("m_total", "counter"), filters: [], aggregation: noAggregation };

describe("writeQuery", () => {
  it.each<[Partial<BuilderQuery>, string]>([
    [{ metric: "" }, ""],
    [{ fn: "value" }, "m_total"],
    [{}, "rate(m_total[$__rate_interval])"],
    [{ aggregation: { ...noAggregation, op: "sum" } }, "sum(rate(m_total[$__rate_interval]))"],
    [{ aggregation: { ...noAggregation, op: "avg", by: ["a", "b.c"] }, window: "5m" }, 'avg by (a, "b.c") (rate(m_total[5m]))'],
    [{ aggregation: { op: "quantile", by: ["a"], quantile: 0.5 }, fn: "value" }, "quantile by (a) (0.5, m_total)"],
    [{ filters: [{ label: "a", op: "=", value: 'x"y\\' }, { label: "b", op: "!~", value: "c|d" }, { label: "e", op: "=", value: "" }], fn: "value" }, 'm_total{a="x\\"y\\\\", b!~"c|d"}'],
    [{ metric: "http.requests", fn: "value", filters: [{ label: "a", op: "=", value: "b" }] }, '{"http.requests", a="b"}'],
    [{ metric: "d", fn: "quantile", aggregation: { ...noAggregation, op: "sum", by: ["a"] } }, "histogram_quantile(0.95, sum by (le, a) (rate(d_bucket[$__rate_interval])))"],
    [{ metric: "d", fn: "quantile", aggregation: { ...noAggregation, op: "max" } }, "histogram_quantile(0.95, sum by (le) (rate(d_bucket[$__rate_interval])))"],
    [{ metric: "d", fn: "quantile", native: true, aggregation: { ...noAggregation, op: "sum" } }, "histogram_quantile(0.95, sum(rate(d[$__rate_interval])))"],
    [{ metric: "d", fn: "mean", window: "1m" }, "rate(d_sum[1m]) / rate(d_count[1m])"],
    [{ metric: "d", fn: "observations", window: "1m", aggregation: { ...noAggregation, op: "sum" } }, "sum(rate(d_count[1m]))"],
    [{ top: { op: "topk", k: 5 } }, "topk(5, rate(m_total[$__rate_interval]))"],
  ])("%j", (change, want) => {
    expect(writeQuery({ ...base, ...change })).toBe(want);
  });
});

describe("readQuery", () => {
  const isHistogram = (name: string) => name === "d";

  it("reads back everything that the builder writes", () => {
    const kinds: MetricKind[] = ["counter", "gauge", "histogram", "summary"];
    const ops: AggregationOp[] = ["none", "sum", "avg", "min", "max", "count", "quantile"];
    let count = 0;
    for (const kind of kinds)
      for (const fn of functionsOf(kind))
        for (const op of ops)
          for (const native of kind === "histogram" ? [false, true] : [false])
            for (const top of [undefined, { op: "bottomk", k: 3 } as const])
              for (const window of [autoWindow, "1h30m"]) {
                // Buckets are always added up, so that is what comes back.
                const fixed = fn === "quantile" || fn === "mean" || (fn === "observations" && native);
                const aggregation = op === "none" ? noAggregation : { ...noAggregation, op: fixed ? ("sum" as const) : op, by: ["service", "odd.name"] };
                const metric = kind === "histogram" || kind === "summary" ? "d" : "m";
                const query: BuilderQuery = { metric, filters: [{ label: "a", op: "=~", value: 'b"\\d+\n' }], fn, window: fn === "value" ? autoWindow : window, quantile: 0.95, native, aggregation, top };
                expect(readQuery(writeQuery(query), isHistogram)).toEqual({ query });
                count++;
              }
    expect(count).toBeGreaterThan(300);
  });

  it.each([
    ["sum(rate(m[5m])) by (a)", "sum by (a) (rate(m[5m]))"],
    ["( (up) )", "up"],
    ['{__name__="up", a="b"}', 'up{a="b"}'],
    ["rate(m[ $__rate_interval ])", "rate(m[$__rate_interval])"],
    ["SUM(up)", "sum(up)"],
    ["avg by (a) (m{b=`x\\d`})", 'avg by (a) (m{b="x\\\\d"})'],
    ["sum by (le) (rate(d_bucket[5m]))", "sum by (le) (rate(d_bucket[5m]))"],
    ['up{host=~"$host"}', 'up{host=~"$host"}'],
  ])("%s is %s", (text, want) => {
    const reading = readQuery(text, isHistogram);
    expect("query" in reading && writeQuery(reading.query)).toBe(want);
  });

  it.each([
    ["", "There is no query yet."],
    ["sum(", "It is not complete PromQL yet."],
    ["up + up", "It calculates with several metrics, which the builder does not show."],
    ["100 * up", "It calculates with several metrics, which the builder does not show."],
    ["up / 100", "It calculates with a number, which the builder does not show."],
    ["rate(a_sum[1m]) / rate(b_count[1m])", "It calculates with several metrics, which the builder does not show."],
    ["sum(up offset 5m)", "It looks at another time (offset), which the builder does not show."],
    ["sum(max(up))", "It joins series twice, which the builder does not show."],
    ["sum without (a) (up)", "The builder joins series by labels, not without some."],
    ["stddev(up)", "The builder does not show stddev here."],
    ["abs(up)", "The builder does not show the function abs."],
    ["max_over_time(rate(m[1m])[1h:1m])", "The builder shows max_over_time of one metric only."],
    ["topk by (a) (5, up)", "The builder knows topk over all series only."],
    ["{a=\"b\"}", "It names no metric."],
    ['{__name__=~"up|down"}', "It chooses metrics by a pattern, which the builder does not show."],
    ["histogram_quantile(0.9, sum(rate(d_bucket[5m])))", "Its buckets are joined without le, so that there is no percentile to show."],
    ["up # all", "It has a comment, which the builder would lose."],
  ])("%s: %s", (text, why) => {
    expect(readQuery(text)).toEqual({ why });
  });
});
