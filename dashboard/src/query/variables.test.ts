import { describe, expect, it } from "vitest";

import { builtins, duration, escapeRegex, interpolate, parseDuration, referencesIn, type VariableValues } from "./variables";

const values: VariableValues = {
  host: { values: ["web-1.example"] },
  hosts: { values: ["web-1", "web.2"] },
  env: { values: ["prod"], raw: true },
  any: { values: [], all: true },
  text: { values: ['a "b" \\ c'] },
  pattern: { values: ["5..|4.."], raw: true },
  none: { values: [] },
};

const promql = (text: string) => interpolate(text, values).text;
const logs = (text: string) => interpolate(text, values, "logs").text;

describe("references", () => {
  it("are found in both forms, each once", () => {
    expect(referencesIn('a{b="$host", c=~"${hosts:regex}"} + $host')).toEqual(["host", "hosts"]);
  });

  it("are no groups of a regular expression, and no lone dollar", () => {
    expect(referencesIn('label_replace(x, "a", "$1", "b", "(.*)$")')).toEqual([]);
  });
});

describe("in PromQL", () => {
  it.each([
    ['up{host="$host"}', 'up{host="web-1.example"}'],
    ['up{host="${host}"}', 'up{host="web-1.example"}'],
    ['up{host=~"$host"}', 'up{host=~"web-1\\\\.example"}'],
    ['up{host!~"$host:.*"}', 'up{host!~"web-1\\\\.example:.*"}'],
    ['up{host=~"$hosts"}', 'up{host=~"(web-1|web\\\\.2)"}'],
    ['up{host=~ "$hosts"}', 'up{host=~ "(web-1|web\\\\.2)"}'],
    ["up{host=~`$hosts`}", "up{host=~`(web-1|web\\.2)`}"],
    ["up{host=~'$hosts'}", "up{host=~'(web-1|web\\\\.2)'}"],
    ['up{env="$env", host="$host"}', 'up{env="prod", host="web-1.example"}'],
    ['up{code=~"$pattern"}', 'up{code=~"5..|4.."}'],
    ['up{host=~"$any"}', 'up{host=~".*"}'],
    ['up{a="$text"}', 'up{a="a \\"b\\" \\\\ c"}'],
    ["sum by ($env) (up)", "sum by (prod) (up)"],
    ['up{host=~"${hosts:pipe}"}', 'up{host=~"web-1|web.2"}'],
    ['up{host=~"${hosts:regex}"}', 'up{host=~"(web-1|web\\\\.2)"}'],
    ["topk(5, x) by (${hosts:csv})", "topk(5, x) by (web-1,web.2)"],
    ["${host:raw}_total", "web-1.example_total"],
    ["${hosts:json}", '["web-1","web.2"]'],
    ["${hosts:glob}", "{web-1,web.2}"],
    ["${hosts:queryparam}", "var-hosts=web-1&var-hosts=web.2"],
    ['label_replace(up, "a", "$1", "b", "(.+)$")', 'label_replace(up, "a", "$1", "b", "(.+)$")'],
  ])("%s", (before, after) => {
    expect(promql(before)).toBe(after);
  });

  it("a quote inside of a string doesn't end it", () => {
    expect(promql('up{a="x\\"", host=~"$hosts"}')).toBe('up{a="x\\"", host=~"(web-1|web\\\\.2)"}');
  });

  it("says that = can't take several values", () => {
    expect(interpolate('up{host="$hosts"}', values).problems).toEqual(["$hosts has several values, which only =~ and !~ can take."]);
    expect(interpolate('up{host=~"$hosts"}', values).problems).toEqual([]);
  });

  it("says which variable and which format there is not", () => {
    const { text, problems } = interpolate('up{a="$nobody", b="${host:rot13}"}', values);
    expect(text).toBe('up{a="$nobody", b="web-1.example"}');
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain("$nobody");
    expect(problems[1]).toContain("rot13");
  });

  it("takes no name from what every object has", () => {
    expect(interpolate("$constructor $toString", values).text).toBe("$constructor $toString");
  });
});

describe("in log filters", () => {
  it.each([
    ["service:$env", "service:prod"],
    ["service:=$host", 'service:="web-1.example"'],
    ["service:$host", 'service:"web-1.example"'],
    ["service:$hosts", 'service:("web-1" OR "web.2")'],
    ["service:in($hosts)", 'service:in("web-1", "web.2")'],
    ["service:in($host) -path:/health", 'service:in("web-1.example") -path:/health'],
    ['service:~"$hosts"', 'service:~"(web-1|web\\\\.2)"'],
    ["service:~$hosts", 'service:~"(web-1|web\\\\.2)"'],
    ["service:$any", "service:*"],
    ['"$text"', '"a \\"b\\" \\\\ c"'],
  ])("%s", (before, after) => {
    expect(logs(before)).toBe(after);
  });

  it("says where several values don't fit", () => {
    expect(interpolate("service:=$hosts", values, "logs").problems[0]).toContain("in($hosts)");
    expect(interpolate('"$hosts"', values, "logs").problems[0]).toContain("quotes");
  });
});

describe("in text", () => {
  it("puts values in and leaves what it doesn't know", () => {
    expect(interpolate("CPU of $hosts, costs $5 or $other", values, "text")).toEqual({ text: "CPU of web-1, web.2, costs $5 or $other", problems: [] });
  });
});

describe("built-in variables", () => {
  const of = (name: string, step: number, minStep?: number) => builtins(step, 1000, 4600, minStep)[name]?.values[0];

  it("look over at least four samples", () => {
    expect(of("__rate_interval", 1)).toBe("1m");
    expect(of("__rate_interval", 120)).toBe("135s");
    expect(of("__rate_interval", 1, 60)).toBe("4m");
    expect(of("__rate_interval", 0.5, 0.25)).toBe("1s");
  });

  it("are the step and the range", () => {
    expect(of("__interval", 30)).toBe("30s");
    expect(of("__interval_ms", 30)).toBe("30000");
    expect(of("__range", 30)).toBe("1h");
    expect(of("__range_s", 30)).toBe("3600");
    expect(of("__from", 30)).toBe("1000000");
  });

  it("go into a query without quotes", () => {
    expect(interpolate("rate(x[$__rate_interval])", builtins(30, 0, 3600)).text).toBe("rate(x[1m])");
    expect(interpolate("x[${__range}:${__interval}]", builtins(30, 0, 3600)).text).toBe("x[1h:30s]");
  });
});

describe("durations", () => {
  it.each([
    [0.25, "250ms"],
    [1, "1s"],
    [90, "90s"],
    [120, "2m"],
    [7200, "2h"],
    [172_800, "2d"],
  ])("%d seconds are %s, and back", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
    expect(parseDuration(text)).toBeCloseTo(seconds);
  });

  it("read several parts, and refuse what is none", () => {
    expect(parseDuration("1h30m")).toBe(5400);
    expect(parseDuration("15")).toBe(15);
    for (const wrong of ["", "soon", "1h x", undefined]) expect(parseDuration(wrong)).toBeUndefined();
  });
});

describe("escapeRegex", () => {
  it("makes any text match itself only", () => {
    const text = "a.b*c(d)[e]{f}|g^h$i\\j+k?";
    expect(new RegExp(`^${escapeRegex(text)}$`).test(text)).toBe(true);
    expect(new RegExp(`^${escapeRegex("a.b")}$`).test("axb")).toBe(false);
  });
});
