import { describe, expect, it } from "vitest";

import { seriesOf } from "./Arrival";
import { cleanService, parseSendSearch, writeSendSearch } from "./search";
import { keyPlaceholder, snippetsFor, ways } from "./snippets";

const target = { origin: "https://pharos.example:8080", key: "phk_abc_def", service: "check-out" };

describe.each(ways)("the way by $label", ({ id }) => {
  const steps = snippetsFor(id, target);
  const text = steps.map(({ code }) => code).join("\n");

  it("names this server, the key and the service", () => {
    expect(text).toContain(target.origin);
    expect(text).toContain(target.key);
    // What comes through a Collector is named by those who send to it, and a host by itself.
    if (id !== "collector" && id !== "agent") expect(text).toContain(target.service);
  });

  it("says what each step is, and has nothing left to fill in", () => {
    expect(steps.every(({ title, code }) => title !== "" && code.trim() !== "")).toBe(true);
    expect(text).not.toMatch(/undefined|localhost:8080|127\.0\.0\.1:8080/);
    expect(text).not.toContain(keyPlaceholder);
  });
});

it("tells an agent whom to trust, where that is not known", () => {
  const command = (origin: string, caSha256?: string) => snippetsFor("agent", { ...target, origin, caSha256 })[1]?.code;
  expect(command("https://p:8080", "0a1b")).toBe("echo phk_abc_def | sudo pharos-agent install --url https://p:8080 --ca-sha256 0a1b --key-file -");
  expect(command("https://p:8080")).not.toContain("--ca-sha256");
  expect(command("http://p:8080", "0a1b")).not.toContain("--ca-sha256");
});

describe("the address", () => {
  it.each([
    [{}, { way: "curl", service: "hello" }],
    [{ way: "python", service: "shop" }, { way: "python", service: "shop" }],
    [{ way: "cobol", service: "" }, { way: "curl", service: "hello" }],
    [{ service: `a"b; rm -rf $HOME` }, { way: "curl", service: "a-b--rm--rf--HOME" }],
  ] as const)("%o is read as %o", (search, want) => {
    expect(parseSendSearch(search)).toEqual(want);
  });

  it("is what it was read from", () => {
    const search = parseSendSearch({ way: "go", service: "cart" });
    expect(writeSendSearch(search)).toEqual({ way: "go", service: "cart" });
    expect(writeSendSearch(parseSendSearch({}))).toEqual({ way: undefined, service: undefined });
  });

  it("takes names of any script", () => {
    expect(cleanService("Zahlungs dienst-ü.1")).toBe("Zahlungs-dienst-ü.1");
  });
});

it("looks for what a service sends under both of its names", () => {
  expect(seriesOf("cart")).toBe('({service="cart",__name__!="target_info"} or {job="cart",__name__!="target_info"})');
  expect(seriesOf("cart", "up")).toBe('({service="cart",__name__="up"} or {job="cart",__name__="up"})');
});
