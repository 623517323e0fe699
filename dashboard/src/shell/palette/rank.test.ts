import { describe, expect, it } from "vitest";

import type { Command } from "../../ui/commands";
import { rank } from "./rank";

const command = (label: string, group = "Pages", keywords = ""): Command => ({ id: label, label, group, keywords, run: () => undefined });
const all = [
  command("Overview"),
  command("Metrics", "Pages", "promql explore"),
  command("Settings", "Pages", "api keys health"),
  command("http_server_request_duration_seconds_count", "Metric"),
  command("http_requests_total", "Metric"),
  command("web-1", "Host"),
  command("web-12", "Host"),
  command("Last 5 minutes", "Time"),
  command("Light theme", "Theme"),
];
const labels = (query: string, recent: string[] = []) => rank(query, all, recent, 10).map((match) => match.command.label);

describe("rank", () => {
  it("prefers the start of a name, and the shorter name", () => {
    expect(labels("web")).toEqual(["web-1", "web-12"]);
    expect(labels("web-12")).toEqual(["web-12"]);
    expect(labels("l")[0]).toBe("Light theme");
  });

  it("takes words in any order, also from the group and the keywords", () => {
    expect(labels("total http")).toEqual(["http_requests_total"]);
    expect(labels("host 12")).toEqual(["web-12"]);
    expect(labels("promql")).toEqual(["Metrics"]);
    expect(labels("keys")).toEqual(["Settings"]);
  });

  it("takes the first letters of words", () => {
    expect(labels("hsrd")).toEqual(["http_server_request_duration_seconds_count"]);
    expect(labels("l5m")).toEqual(["Last 5 minutes"]);
    expect(labels("httpreq")[0]).toBe("http_requests_total");
  });

  it("finds nothing by letters that aren't there", () => {
    expect(labels("zzz")).toEqual([]);
    // Letters out of the middle of words are noise.
    expect(labels("hpe")).toEqual([]);
    expect(labels("web metrics")).toEqual([]);
  });

  it("puts what was used lately before its likes, and not before what fits better", () => {
    expect(labels("web", ["web-12"])).toEqual(["web-12", "web-1"]);
    expect(labels("web-1", ["web-12"])).toContain("web-1");
    expect(labels("over", ["http_server_request_duration_seconds_count"])[0]).toBe("Overview");
  });

  it("marks what matches", () => {
    expect(rank("req", all, [], 1)[0]).toMatchObject({ marks: [5, 6, 7], command: { label: "http_requests_total" } });
  });

  it("treats every character as itself", () => {
    expect(labels(".*")).toEqual([]);
    expect(labels("(")).toEqual([]);
  });
});
