import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { parseRefresh, repeat } from "./refresh";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function see(state: "visible" | "hidden") {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

it("reads what is offered", () => {
  expect(parseRefresh("30s")?.millis).toBe(30_000);
  expect(parseRefresh("1ms")).toBeUndefined();
  expect(parseRefresh(undefined)).toBeUndefined();
});

it("repeats while the page is in sight, and catches up when it comes back", () => {
  const call = vi.fn();
  const stop = repeat(call, 5000);
  vi.advanceTimersByTime(10_000);
  expect(call).toHaveBeenCalledTimes(2);
  see("hidden");
  vi.advanceTimersByTime(60_000);
  expect(call).toHaveBeenCalledTimes(2);
  see("visible");
  expect(call).toHaveBeenCalledTimes(3);
  see("hidden");
  vi.advanceTimersByTime(1000);
  see("visible");
  expect(call).toHaveBeenCalledTimes(3);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(call).toHaveBeenCalledTimes(3);
});
