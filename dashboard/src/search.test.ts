import { describe, expect, it } from "vitest";

import { localPath, parseSearch, stringifySearch } from "./search";

describe("search parameters", () => {
  it("are what people see", () => {
    expect(stringifySearch({ from: "now-15m", to: "2026-11-24T10:00:00Z", live: undefined, n: 1 })).toBe("?from=now-15m&to=2026-11-24T10:00:00Z");
    expect(stringifySearch({})).toBe("");
  });

  it("come back as they were", () => {
    const search = { host: "a&b=c d+ü", once: "123", next: "/?from=now-1h" };
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });
});

describe("localPath", () => {
  it.each([
    ["/", "/"],
    ["/?from=now-1h&to=now", "/?from=now-1h&to=now"],
    [undefined, "/"],
    ["", "/"],
    ["https://evil.example/", "/"],
    ["//evil.example/", "/"],
    ["/\\evil.example/", "/"],
    ["javascript:alert(1)", "/"],
  ])("%s leads to %s", (next, want) => {
    expect(localPath(next)).toBe(want);
  });
});
