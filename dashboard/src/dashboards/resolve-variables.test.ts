import { describe, expect, it, vi } from "vitest";

import type { ListVariable, Variable } from "../api/dashboards";
import { all, capture, choose, inOrder, resolveVariables } from "./resolve-variables";

type More = Partial<ListVariable["spec"]> & { capturingRegexp?: string };

const labels = (name: string, matchers: string[] = [], more: More = {}): ListVariable => ({
  kind: "ListVariable",
  spec: { name, plugin: { kind: "PrometheusLabelValuesVariable", spec: { labelName: name, matchers } }, ...more },
});
const list = (name: string, values: string[], more: More = {}): ListVariable => ({ kind: "ListVariable", spec: { name, plugin: { kind: "StaticListVariable", spec: { values } }, ...more } });

const data: Record<string, string[]> = { env: ["staging", "prod"], host: ["web-10", "web-2"] };
const load = async (label: string) => data[label] ?? [];

describe("what variables need", () => {
  it("puts those that others need first", () => {
    const order = inOrder([labels("host", ['up{env="$env"}']), labels("env"), labels("disk", ['x{host=~"$host", env="$env"}'])]).order;
    expect(order.map((one) => one.spec.name)).toEqual(["env", "host", "disk"]);
  });

  it("finds circles", () => {
    const { order, circle } = inOrder([labels("a", ["x{b='$b'}"]), labels("b", ["x{a='$a'}"]), labels("c")]);
    expect(order.map((one) => one.spec.name)).toEqual(["c"]);
    expect(circle.map((one) => one.spec.name)).toEqual(["a", "b"]);
  });
});

describe("resolving", () => {
  it("asks with the values of the variables before", async () => {
    const asked = vi.fn(load);
    const { states, values } = await resolveVariables([labels("host", ['up{env="$env"}']), labels("env")], { env: ["prod"] }, asked);
    expect(asked.mock.calls).toEqual([
      ["env", []],
      ["host", ['up{env="prod"}']],
    ]);
    expect(states.map((state) => state.variable.spec.name)).toEqual(["host", "env"]);
    expect(states[0]?.options.map((option) => option.value)).toEqual(["web-2", "web-10"]);
    expect(values["host"]).toEqual({ values: ["web-2"], raw: false });
  });

  it("puts all values in place of all, or what the document says", async () => {
    const everything = { allowAllValue: true, allowMultiple: true };
    const { values } = await resolveVariables([labels("host", [], everything), labels("env", [], { ...everything, customAllValue: ".+" })], {}, load);
    expect(values["host"]).toEqual({ values: ["web-2", "web-10"], all: true, raw: false });
    expect(values["env"]).toEqual({ values: [".+"], all: true, raw: true });
  });

  it("goes on when one fails, with what was chosen", async () => {
    const { states, values } = await resolveVariables([labels("host"), list("size", ["small", "large"])], { host: ["web-9"] }, () => Promise.reject(new Error("no")));
    expect(states[0]?.error?.message).toBe("no");
    expect(values["host"]?.values).toEqual(["web-9"]);
    expect(values["size"]?.values).toEqual(["small"]);
  });

  it("takes texts from the address, but not those that nobody may change", async () => {
    const text = (name: string, constant: boolean): Variable => ({ kind: "TextVariable", spec: { name, value: "first", constant } });
    const { values } = await resolveVariables([text("free", false), text("fixed", true)], { free: ["a", "b"], fixed: ["x"] }, load);
    expect(values["free"]?.values).toEqual(["a,b"]);
    expect(values["fixed"]?.values).toEqual(["first"]);
  });

  it("says that variables need each other", async () => {
    const { states } = await resolveVariables([labels("a", ["x{b='$b'}"]), labels("b", ["x{a='$a'}"])], {}, load);
    expect(states[0]?.error?.message).toContain("$a, $b");
  });
});

describe("choosing", () => {
  const options = ["a", "b"].map((value) => ({ value, label: value }));
  const one = list("x", []);
  const many = list("x", [], { allowMultiple: true });
  const withAll = list("x", [], { allowMultiple: true, allowAllValue: true });

  it.each([
    ["the address", one, ["b"], ["b"]],
    ["one of several where only one may be", one, ["b", "a"], ["b"]],
    ["several", many, ["b", "a"], ["b", "a"]],
    ["what is not among the options, because a link says so", one, ["gone"], ["gone"]],
    ["all alone", withAll, ["a", all], [all]],
    ["the first instead of all, where all may not be", many, [all], ["a"]],
    ["the first", one, undefined, ["a"]],
    ["all, where there is all", withAll, undefined, [all]],
    ["the default", list("x", [], { defaultValue: "b" }), undefined, ["b"]],
    ["the first in place of a default that is gone", list("x", [], { defaultValue: "z" }), undefined, ["a"]],
    ["several defaults", list("x", [], { allowMultiple: true, defaultValue: ["a", "b"] }), undefined, ["a", "b"]],
  ])("takes %s", (_, variable, wanted, chosen) => {
    expect(choose(variable, options, wanted)).toEqual(chosen);
  });

  it("has nothing where there is nothing", () => {
    expect(choose(one, [], undefined)).toEqual([]);
  });
});

describe("capture", () => {
  it("keeps what matches, and its first group", () => {
    expect(capture(["web-1:9100", "web-2:9100", "db"], "^(web-\\d+):")).toEqual(["web-1", "web-2"]);
    expect(capture(["a", "b"], "a")).toEqual(["a"]);
    expect(capture(["a"], undefined)).toEqual(["a"]);
  });
});
