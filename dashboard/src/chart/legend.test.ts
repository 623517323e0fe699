import { describe, expect, it } from "vitest";

import { seriesColours } from "../theme";
import { nearestOf } from "./cursor";
import { toCSV } from "./csv";
import type { ChartSeries } from "./data";
import { arc, shareOf } from "./Gauge";
import { largest } from "./BarList";
import { focusOn, toggle } from "./legend";
import { levelOf, type Threshold } from "./marks";
import { statsOf } from "./stats";
import { Places, styleOf } from "./styles";
import { summaryOf } from "./summary";
import { timeLabel } from "./time-axis";

const plain = (text: string) => text.replaceAll("\u2009", " ");
const series = (label: string, ...values: (number | null)[]): ChartSeries => ({ key: label, label, colour: "#000000", values });

describe("styles", () => {
  it("are eight colours, then the same with dashes", () => {
    const styles = Array.from({ length: 32 }, (_, i) => styleOf(i, "light"));
    expect(styles.slice(0, 8).map((style) => style.colour)).toEqual(seriesColours.light);
    expect(styles.slice(0, 8).every((style) => style.dash === undefined)).toBe(true);
    expect(styles[8]).toEqual({ colour: styles[0]!.colour, dash: [7, 3] });
    expect(new Set(styles.map((style) => JSON.stringify(style))).size).toBe(32);
  });

  it("stay with their series", () => {
    const places = new Places();
    const of = (...keys: string[]) => {
      places.use(keys);
      return keys.map((key) => places.placeOf(key));
    };
    expect(of("b", "a", "c10", "c9")).toEqual([1, 0, 3, 2]);
    expect(of("c9", "b")).toEqual([2, 1]);
    expect(of("0", "b", "a")).toEqual([4, 1, 0]);
  });

  it("are given again when there are too many", () => {
    const places = new Places();
    places.use(Array.from({ length: 30 }, (_, i) => `old${i}`));
    places.use(["old29", ...Array.from({ length: 9 }, (_, i) => `new${i}`)]);
    expect(places.placeOf("old29")).toBe(29);
    expect(Array.from({ length: 9 }, (_, i) => places.placeOf(`new${i}`))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe("statsOf", () => {
  it("looks past gaps", () => {
    expect(statsOf([null, 4, -2, null, 7, null])).toEqual({ last: 7, min: -2, max: 7, avg: 3 });
  });

  it("has nothing to say of nothing", () => {
    expect(statsOf([null, null])).toEqual({ last: null, min: null, max: null, avg: null });
  });

  it("looks once", () => {
    const row = [1, 2];
    expect(statsOf(row)).toBe(statsOf(row));
  });
});

describe("a click in the legend", () => {
  const keys = ["a", "b", "c"];
  const none = new Set<string>();

  it("shows one alone, then all again", () => {
    const alone = focusOn(keys, none, "b");
    expect([...alone]).toEqual(["a", "c"]);
    expect(focusOn(keys, alone, "b").size).toBe(0);
    expect([...focusOn(keys, alone, "a")]).toEqual(["b", "c"]);
    expect([...focusOn(keys, new Set(["b"]), "b")]).toEqual(["a", "c"]);
  });

  it("with a modifier hides and shows one", () => {
    const hidden = toggle(keys, none, "b");
    expect([...hidden]).toEqual(["b"]);
    expect(toggle(keys, hidden, "b").size).toBe(0);
  });

  it("never hides the last one", () => {
    expect(toggle(keys, new Set(["a", "b"]), "c").size).toBe(0);
  });
});

describe("levelOf", () => {
  const thresholds: Threshold[] = [
    { value: 95, level: "bad" },
    { value: 80, level: "warn" },
    { value: 10, to: 20, level: "info" },
  ];

  it.each([
    [5, undefined],
    [10, "info"],
    [20, undefined],
    [80, "warn"],
    [94.9, "warn"],
    [200, "bad"],
    [null, undefined],
  ] as const)("%s is %s", (value, want) => {
    expect(levelOf(value, thresholds)).toBe(want);
  });
});

describe("nearestOf", () => {
  it("is the series drawn nearest to the cursor", () => {
    const places = [{ key: "a", top: 10 }, { key: "gap", top: null }, { key: "b", top: 40 }];
    expect(nearestOf(places, 20)).toBe("a");
    expect(nearestOf(places, 26)).toBe("b");
    expect(nearestOf([], 0)).toBeUndefined();
  });
});

describe("toCSV", () => {
  it("writes values as they are, and gaps as nothing", () => {
    expect(toCSV([0, 1.5], [series("a", 1, null), series('b, "c"', 0.1, 2e20)])).toBe(
      'time,a,"b, ""c"""\r\n1970-01-01T00:00:00.000Z,1,0.1\r\n1970-01-01T00:00:01.500Z,,200000000000000000000\r\n',
    );
  });

  it("makes no formula of a label", () => {
    expect(toCSV([], [series("=cmd()")])).toBe("time,'=cmd()\r\n");
  });
});

describe("summaryOf", () => {
  it("names a few series, and the extremes of many", () => {
    expect(plain(summaryOf([series("User", 4), series("System", 1.5)], "percent"))).toBe("User 4.0 %, System 1.5 %");
    const many = Array.from({ length: 20 }, (_, i) => series(`s${i}`, i, 2 * i));
    expect(plain(summaryOf(many, "count"))).toBe("20 series from 0 to 38, the highest is s19");
    expect(summaryOf([], "count")).toBe("no data");
  });
});

describe("timeLabel", () => {
  const noon = Date.UTC(2026, 10, 24, 12, 0, 0) / 1000;
  it.each([
    [noon + 5, 5, "UTC", "12:00:05"],
    [noon + 60, 60, "UTC", "12:01"],
    [noon, 3600, "Asia/Kolkata", "17:30"],
    [noon + 12 * 3600, 3600, "UTC", "25 Nov"],
    [noon - 12 * 3600, 86_400, "UTC", "24 Nov"],
    [noon, 86_400 * 365, "UTC", "2026"],
  ])("%d each %d s in %s is %s", (time, distance, zone, want) => {
    expect(timeLabel(time, distance, zone)).toBe(want);
  });
});

describe("gauge and bars", () => {
  it("hold values inside their ends", () => {
    expect([shareOf(-5, 0, 10), shareOf(2.5, 0, 10), shareOf(50, 0, 10), shareOf(1, 1, 1)]).toEqual([0, 0.25, 1, 0]);
  });

  it("draws the long way round only past half a circle", () => {
    expect(arc(0, 1)).toMatch(/A40 40 0 1 1/);
    expect(arc(0, 0.5)).toMatch(/A40 40 0 0 1/);
  });

  it("lists the largest, those without a value last", () => {
    const bars = [["a", 1], ["none", null], ["b", 3], ["c", 3]].map(([label, value]) => ({ key: label as string, label: label as string, value: value as number | null }));
    expect(largest(bars, 3).map((bar) => bar.label)).toEqual(["b", "c", "a"]);
    expect(largest(bars, 9).at(-1)?.label).toBe("none");
  });
});
