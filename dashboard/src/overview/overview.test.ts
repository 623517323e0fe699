import { describe, expect, it } from "vitest";

import type { InstantSeries, Labels } from "../api/types";
import { fromMatrix } from "../live/frame";
import { merge } from "../live/useLogs";
import { level } from "../ui/Meter";
import { mountpoints } from "./DiskPanel";
import { factsOf } from "./facts";
import { severity } from "./LogsPanel";
import { largest } from "./ProcessTable";
import { cpuByMode, hostFacts, perSecond } from "./queries";
import { snippet } from "./SendSnippet";
import { add, cpuModes, named } from "./series";

const instant = (metric: Labels, value: number): InstantSeries => ({ metric, value: [1, String(value)] });

describe("queries", () => {
  it("look at two samples on a fine grid and over the step on a coarse one", () => {
    expect(perSecond("x", 1)).toBe("irate(x[1m])");
    expect(perSecond("x", 10)).toBe("rate(x[60s])");
    expect(perSecond("x", 300)).toBe("rate(x[600s])");
  });

  it("quote the host's name", () => {
    expect(cpuByMode('a"b\\c')(1)).toContain('host_name="a\\"b\\\\c"');
  });

  it("tell the facts apart", () => {
    expect(hostFacts("a").split(" or ")).toHaveLength(8);
  });
});

describe("factsOf", () => {
  it("reads what there is", () => {
    expect(factsOf([instant({ fact: "load1" }, 0.5), instant({ fact: "cores" }, 8)])).toEqual({ load1: 0.5, cores: 8 });
  });
});

describe("named", () => {
  const colour = (i: number) => `colour ${i}`;
  const row = (mode: string, ...values: number[]) => ({ metric: { cpu_mode: mode }, values: values.map((v, i) => [i, String(v)] as [number, string]) });

  it("keeps the order and the colours of the naming, whatever came", () => {
    const frame = fromMatrix([row("system", 2), row("user", 1)], 0, 0, 1);
    expect(named(frame, "cpu_mode", cpuModes, colour).map((s) => [s.label, s.colour])).toEqual([
      ["User", "colour 0"],
      ["System", "colour 1"],
    ]);
  });

  it("shows several values as one", () => {
    const frame = fromMatrix([row("nice", 2, 3), row("interrupt", 1, 1)], 0, 1, 1);
    expect(named(frame, "cpu_mode", cpuModes, colour)).toMatchObject([{ label: "Other", values: [3, 4] }]);
  });

  it("leaves out what is next to nothing, if asked to", () => {
    const frame = fromMatrix([row("steal", 0, 0.01), row("user", 0, 0)], 0, 1, 1);
    expect(named(frame, "cpu_mode", cpuModes, colour, ["Steal"], 0.5).map((s) => s.label)).toEqual(["User"]);
  });

  it("adds point by point, and keeps a gap that all share", () => {
    expect(add([[1, null, null], [2, 3, null]])).toEqual([3, 3, null]);
  });
});

describe("mountpoints", () => {
  const fs = (name: string, state: string, value: number) => instant({ system_filesystem_mountpoint: name, system_filesystem_state: state }, value);

  it("adds up used and free, without what is reserved", () => {
    expect(mountpoints([fs("/", "used", 60), fs("/", "free", 40), fs("/", "reserved", 5)])).toEqual([{ name: "/", used: 60, size: 100 }]);
  });

  it("keeps the fullest, by name", () => {
    const series = ["/e", "/d", "/c", "/b", "/a"].flatMap((name, i) => [fs(name, "used", i * 10), fs(name, "free", 100 - i * 10)]);
    expect(mountpoints(series).map((m) => m.name)).toEqual(["/a", "/b", "/c", "/d"]);
  });

  it("leaves out what has no size", () => {
    expect(mountpoints([fs("/proc", "used", 0), fs("/proc", "free", 0)])).toEqual([]);
  });
});

describe("largest", () => {
  it("lists by memory, with the CPU where it is known", () => {
    const of = (name: string, fact: string, value: number) => instant({ process_executable_name: name, fact }, value);
    expect(largest([of("a", "memory", 1), of("b", "memory", 9), of("c", "memory", 5), of("b", "cpu", 3), of("z", "cpu", 99)], 2)).toEqual([
      { name: "b", cpu: 3, memory: 9 },
      { name: "c", cpu: undefined, memory: 5 },
    ]);
  });
});

describe("severity", () => {
  it.each([
    ["ERROR", "error"],
    ["fatal", "error"],
    ["Critical", "error"],
    ["WARNING", "warn"],
    ["info", "info"],
    ["notice", "info"],
    ["DEBUG", "debug"],
    ["TRACE", "debug"],
    ["", "none"],
    [undefined, "none"],
  ])("%s is %s", (name, want) => {
    expect(severity(name)).toBe(want);
  });
});

describe("level", () => {
  it.each([
    [84.9, "ok"],
    [85, "warn"],
    [95, "bad"],
  ])("%d %% used is %s", (percent, want) => {
    expect(level(percent)).toBe(want);
  });
});

describe("merge", () => {
  const log = (id: string, second: number) => ({ id, time: `2026-11-24T10:00:0${second}Z`, message: id, service: "" });

  it("puts the newest first, each once, and keeps so many", () => {
    expect(merge([log("b", 2), log("a", 1)], [log("c", 3), log("b", 2)], 2).map((r) => r.id)).toEqual(["c", "b"]);
  });
});

describe("snippet", () => {
  it("names this server", () => {
    expect(snippet("http://pharos.example:8080")).toContain("curl http://pharos.example:8080/v1/ingest/logs");
  });
});
