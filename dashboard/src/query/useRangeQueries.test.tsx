import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { queryChart, type RangeAnswer } from "../api/range";
import { LiveSocket, type DataMessage, type Subscription } from "../live/socket";
import { moreOf, pointsOf, useRangeQueries, type RangeQuerySpec } from "./useRangeQueries";

const page = { range: { from: "now-5m", to: "now" }, live: false, canLive: true, epoch: 0 };
const socket = new LiveSocket({ url: () => "ws://localhost/" });

vi.mock("../time/context", () => ({ usePageTime: () => page }));
vi.mock("../live/context", () => ({ useSocket: () => socket }));
vi.mock("../api/range", () => ({ queryChart: vi.fn<typeof queryChart>() }));

const ask = vi.mocked(queryChart);
const answer = (value: number, total = 1): RangeAnswer => ({ step: 1, times: [100, 101], series: [{ labels: { __name__: "a" }, values: [value, null] }], total_series: total, limit: 50, reduced: false, warnings: [] });

/** The subscriptions that are open, by their query. */
let open: Map<string, { request: Subscription; receive: (message: DataMessage) => void }>;

function render(specs: RangeQuerySpec[], options = {}) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  return renderHook((props: { specs: RangeQuerySpec[] }) => useRangeQueries(props.specs, options), { wrapper, initialProps: { specs } });
}

beforeEach(() => {
  Object.assign(page, { range: { from: "now-5m", to: "now" }, live: false, epoch: 0 });
  ask.mockReset();
  open = new Map();
  vi.spyOn(socket, "subscribe").mockImplementation((request, receive) => {
    open.set(request.query, { request, receive });
    return () => void open.delete(request.query);
  });
});

describe("useRangeQueries", () => {
  it("asks several queries for as many points as the chart has, and keeps them apart", async () => {
    ask.mockImplementation(({ query }) => Promise.resolve(answer(query === "a" ? 1 : 2, query === "a" ? 1 : 320)));
    const { result } = render([{ key: "A", query: "a" }, { key: "B", query: (step) => `rate(b[${step}s])`, minStep: 30 }], { pixels: 900, limit: 20, order: "avg" });
    expect(result.current.loading).toBe(true);
    await waitFor(() => expect(result.current.loading).toBe(false));
    expect(result.current.results.map(({ key, totalSeries, frame }) => [key, totalSeries, frame.series[0]?.values])).toEqual([
      ["A", 1, [1, null]],
      ["B", 320, [2, null]],
    ]);
    expect(ask.mock.calls.map(([request]) => ({ ...request, from: 0, to: request.to - request.from }))).toEqual([
      { query: "a", points: 960, limit: 20, order: "avg", step: undefined, from: 0, to: 300 },
      { query: "rate(b[30s])", points: 960, limit: 20, order: "avg", step: 30, from: 0, to: 300 },
    ]);
  });

  it("takes the server's rows as they are", async () => {
    const given = answer(1);
    ask.mockResolvedValue(given);
    const { result } = render([{ key: "A", query: "a" }]);
    await waitFor(() => expect(result.current.loading).toBe(false));
    expect(result.current.results[0]!.frame.times).toBe(given.times);
    expect(result.current.results[0]!.frame.series[0]!.values).toBe(given.series[0]!.values);
  });

  it("doesn't ask for an empty query", () => {
    const { result } = render([{ key: "A", query: "  " }]);
    expect(result.current.loading).toBe(false);
    expect(ask).not.toHaveBeenCalled();
  });

  it("shows what was there while the next answer is on its way, and lets go of one that is not wanted", async () => {
    ask.mockResolvedValueOnce(answer(1));
    const { result, rerender } = render([{ key: "A", query: "a" }]);
    await waitFor(() => expect(result.current.loading).toBe(false));
    let cancelled = false;
    ask.mockImplementation((_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => ((cancelled = true), reject(signal.reason as Error)))));
    rerender({ specs: [{ key: "A", query: "slow" }] });
    expect(result.current).toMatchObject({ loading: false, fetching: true });
    expect(result.current.results[0]!.frame.series[0]!.values).toEqual([1, null]);
    ask.mockResolvedValue(answer(3));
    rerender({ specs: [{ key: "A", query: "fast" }] });
    await waitFor(() => expect(result.current.results[0]!.frame.series[0]!.values).toEqual([3, null]));
    expect(cancelled).toBe(true);
  });

  it("shows another range at once, with what is there of it", async () => {
    ask.mockResolvedValueOnce(answer(1));
    const { result, rerender } = render([{ key: "A", query: "a" }]);
    await waitFor(() => expect(result.current.loading).toBe(false));
    ask.mockReturnValue(new Promise(() => undefined));
    page.range = { from: "1970-01-01T00:01:00Z", to: "1970-01-01T00:02:00Z" };
    rerender({ specs: [{ key: "A", query: "a" }] });
    expect(result.current).toMatchObject({ from: 60, to: 120, fetching: true, loading: false });
    expect(result.current.results[0]!.frame.times).toEqual([100, 101]);
  });

  it("says what is wrong with one query, and shows the others", async () => {
    ask.mockImplementation(({ query }) => (query === "bad(" ? Promise.reject(new Error("parse error")) : Promise.resolve(answer(1))));
    const { result } = render([{ key: "A", query: "bad(" }, { key: "B", query: "b" }]);
    await waitFor(() => expect(result.current.results[0]!.error?.message).toBe("parse error"));
    await waitFor(() => expect(result.current.results[1]!.frame.series).toHaveLength(1));
  });

  it("asks for more series", async () => {
    ask.mockResolvedValue(answer(1, 1000));
    const { result } = render([{ key: "A", query: "a" }]);
    await waitFor(() => expect(result.current.loading).toBe(false));
    act(() => result.current.showMore());
    await waitFor(() => expect(ask.mock.calls.at(-1)?.[0].limit).toBe(200));
    expect([moreOf(200), moreOf(800)]).toEqual([800, 1000]);
  });

  it("follows its queries while the page is live", async () => {
    page.live = true;
    ask.mockResolvedValue(answer(1, 60));
    const { result, unmount } = render([{ key: "A", query: "a" }, { key: "again", query: "a" }]);
    await waitFor(() => expect(open.size).toBe(1));
    expect(open.get("a")!.request).toEqual({ kind: "metrics", query: "a", interval: "1s", limit: 50, order: "max" });
    const { to, from } = result.current;
    act(() => open.get("a")!.receive({ type: "metrics", id: "s1", time: (to + 5) * 1000, series: [{ labels: { __name__: "a" }, value: 7 }], total_series: 61 }));
    await waitFor(() => expect(result.current.to).toBeCloseTo(to + 5, 3));
    expect(result.current.to - result.current.from).toBeCloseTo(to - from, 3);
    for (const { frame, totalSeries } of result.current.results) {
      expect(frame.series[0]!.values.at(-1)).toBe(7);
      expect(totalSeries).toBe(61);
    }
    act(() => open.get("a")!.receive({ type: "error", id: "s1", error: { type: "about:blank", title: "", status: 500, detail: "evaluate: timeout", code: "internal" } }));
    await waitFor(() => expect(result.current.results[0]!.error?.message).toBe("evaluate: timeout"));
    unmount();
    expect(open.size).toBe(0);
  });

  it("asks again in place of following when the points are far apart", async () => {
    Object.assign(page, { live: true, range: { from: "now-7d", to: "now" } });
    ask.mockResolvedValue(answer(1));
    const { result } = render([{ key: "A", query: "a" }]);
    await waitFor(() => expect(result.current.loading).toBe(false));
    expect(open.size).toBe(0);
  });
});

describe("pointsOf", () => {
  it("doesn't ask anew for each pixel", () => {
    expect([pointsOf(1), pointsOf(900), pointsOf(955), pointsOf(20_000)]).toEqual([160, 960, 960, 5000]);
  });
});
