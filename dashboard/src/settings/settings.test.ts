import { describe, expect, it } from "vitest";

import { faultsOf } from "./AccountTab";
import { expiry } from "./CreateKey";
import { parseTab, tabs, writeTab } from "./search";
import { describeLimit, perItem } from "./UsageTab";

describe("the tab in the address", () => {
  it.each(tabs.map(({ id }) => id))("%s is read as it was written", (id) => {
    const { tab } = writeTab(id);
    expect(parseTab(tab === undefined ? {} : { tab })).toBe(id);
  });

  it("may be wrong", () => {
    expect(parseTab({ tab: "billing" })).toBe("keys");
  });
});

describe("a new password", () => {
  const good = { current: "the old password", next: "the new password", again: "the new password" };

  it.each([
    ["nothing", {}, {}],
    ["the current one missing", { current: "" }, { current: "Needed, so that nobody else changes it" }],
    ["too short", { next: "short", again: "short" }, { next: "At least 10 characters" }],
    ["unchanged", { next: good.current, again: good.current }, { next: "The same as before" }],
    ["mistyped", { again: "the new pasword" }, { again: "Not the same" }],
  ])("has %s wrong with it", (_, change, want) => {
    expect(faultsOf({ ...good, ...change })).toEqual(want);
  });
});

describe("what is kept", () => {
  it.each([
    [undefined, "–"],
    [{ max_age_seconds: 0, max_bytes: 0 }, "for ever"],
    [{ max_age_seconds: 30 * 86_400, max_bytes: 0 }, "30\u2009d"],
    [{ max_age_seconds: 0, max_bytes: 10 * 1024 ** 3 }, "at most 10.0\u2009GiB"],
    [{ max_age_seconds: 7 * 86_400, max_bytes: 1024 ** 3 }, "7\u2009d, at most 1.00\u2009GiB"],
  ])("%o is %s", (limit, want) => {
    expect(describeLimit(limit)).toBe(want);
  });

  it("is so much for one", () => {
    expect([perItem(350, 100), perItem(5000, 100), perItem(1, 0)]).toEqual(["3.50", "50", "–"]);
  });
});

it("a key ends after its days, or not at all", () => {
  expect(expiry("7", Date.UTC(2026, 10, 24))).toBe("2026-12-01T00:00:00.000Z");
  expect(expiry("", 0)).toBeUndefined();
});
