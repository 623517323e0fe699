import { describe, expect, it } from "vitest";

import { earlier, later, zoomOut } from "./shift";

const now = Date.UTC(2026, 10, 24, 12, 0, 0);
const morning = { from: "2026-11-24T08:00:00Z", to: "2026-11-24T10:00:00Z" };

describe("earlier", () => {
  it("moves by half the range", () => {
    expect(earlier(morning, now)).toEqual({ from: "2026-11-24T07:00:00Z", to: "2026-11-24T09:00:00Z" });
    expect(earlier({ from: "now-1h", to: "now" }, now)).toEqual({ from: "2026-11-24T10:30:00Z", to: "2026-11-24T11:30:00Z" });
  });

  it("comes back by later", () => {
    expect(later(earlier(morning, now), now)).toEqual(morning);
  });
});

describe("later", () => {
  it("ends now when it gets there", () => {
    expect(later(earlier({ from: "now-1h", to: "now" }, now), now)).toEqual({ from: "now-1h", to: "now" });
    expect(later({ from: "2026-11-24T10:30:00Z", to: "2026-11-24T11:50:00Z" }, now)).toEqual({ from: "now-80m", to: "now" });
  });

  it("stays when it is there", () => {
    expect(later({ from: "now-5m", to: "now" }, now)).toEqual({ from: "now-5m", to: "now" });
  });
});

describe("zoomOut", () => {
  it.each([
    ["now-5m", "now-10m"],
    ["now-30m", "now-1h"],
    ["now-12h", "now-1d"],
    ["now-45s", "now-90s"],
  ])("%s becomes %s", (from, want) => {
    expect(zoomOut({ from, to: "now" }, now)).toEqual({ from: want, to: "now" });
  });

  it("keeps the middle", () => {
    expect(zoomOut(morning, now)).toEqual({ from: "2026-11-24T07:00:00Z", to: "2026-11-24T11:00:00Z" });
  });

  it("has an end", () => {
    expect(zoomOut({ from: "now-9999d", to: "now" }, now)).toEqual({ from: "now-9999d", to: "now" });
  });

  it("leaves alone what can't be read", () => {
    expect(zoomOut({ from: "x", to: "now" }, now)).toEqual({ from: "x", to: "now" });
  });
});
