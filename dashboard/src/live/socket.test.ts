import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { backoff, LiveSocket, type DataMessage } from "./socket";

/** A WebSocket that does as it is told. */
class FakeSocket {
  static all: FakeSocket[] = [];
  readyState: number = WebSocket.CONNECTING;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event?: { code: number }) => void) | null = null;

  constructor() {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close() {
    this.readyState = WebSocket.CLOSED;
  }

  open() {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }

  receive(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  fail(code?: number) {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.(code === undefined ? undefined : { code });
  }
}

const started: LiveSocket[] = [];
const beforeRetry = vi.fn<() => Promise<unknown>>();

function start(): LiveSocket {
  const socket = new LiveSocket({
    url: () => "ws://pharos.example/v1/ws",
    beforeRetry,
    createSocket: () => new FakeSocket() as unknown as WebSocket,
    random: () => 0.5,
  });
  started.push(socket);
  socket.start();
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  beforeRetry.mockReset().mockResolvedValue(undefined);
});
afterEach(() => {
  started.splice(0).forEach((socket) => socket.stop());
  vi.useRealTimers();
});

describe("backoff", () => {
  it("doubles up to a limit, and is spread", () => {
    expect([0, 1, 2, 3].map((n) => backoff(n, 0.5))).toEqual([500, 1000, 2000, 4000]);
    expect(backoff(50, 0.5)).toBe(15_000);
    expect(backoff(0, 0)).toBe(375);
    expect(backoff(0, 1)).toBe(625);
  });
});

describe("LiveSocket", () => {
  it("subscribes once it is open, and hands on what comes", () => {
    const socket = start();
    const received: DataMessage[] = [];
    socket.subscribe({ kind: "metrics", query: "up", interval: "1s" }, (message) => received.push(message));
    expect(FakeSocket.last.sent).toEqual([]);

    FakeSocket.last.open();
    const id = FakeSocket.last.sent[0]?.["id"];
    expect(FakeSocket.last.sent).toEqual([{ type: "subscribe", id, kind: "metrics", query: "up", interval: "1s" }]);
    FakeSocket.last.receive({ type: "metrics", id, time: 1, series: [] });
    FakeSocket.last.receive({ type: "metrics", id: "of nobody", time: 2, series: [] });
    FakeSocket.last.receive({ type: "error", id, error: { title: "Bad Request" } });
    expect(received.map((message) => message.type)).toEqual(["metrics", "error"]);
  });

  it("stops receiving after unsubscribing", () => {
    const socket = start();
    FakeSocket.last.open();
    const receive = vi.fn();
    const unsubscribe = socket.subscribe({ kind: "logs", query: "*" }, receive);
    const id = FakeSocket.last.sent[0]?.["id"];
    unsubscribe();
    unsubscribe();
    FakeSocket.last.receive({ type: "logs", id, logs: [] });
    expect(receive).not.toHaveBeenCalled();
    expect(FakeSocket.last.sent.filter((message) => message["type"] === "unsubscribe")).toEqual([{ type: "unsubscribe", id }]);
  });

  it("comes back, waiting longer each time, and subscribes again", async () => {
    const socket = start();
    const reopened = vi.fn();
    socket.onReopen(reopened);
    socket.subscribe({ kind: "logs", query: "*" }, () => undefined);
    FakeSocket.last.open();
    FakeSocket.last.fail();
    expect(socket.state).toBe("waiting");

    await vi.advanceTimersByTimeAsync(499);
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(2);
    expect(beforeRetry).toHaveBeenCalledTimes(1);
    FakeSocket.last.fail();
    await vi.advanceTimersByTimeAsync(999);
    expect(FakeSocket.all).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(3);

    expect(reopened).not.toHaveBeenCalled();
    FakeSocket.last.open();
    expect(socket.state).toBe("open");
    expect(reopened).toHaveBeenCalledTimes(1);
    expect(FakeSocket.last.sent.map((message) => message["type"])).toEqual(["subscribe"]);
  });

  it("waits briefly again once something came", async () => {
    const socket = start();
    for (let i = 0; i < 5; i++) {
      FakeSocket.last.fail();
      await vi.advanceTimersByTimeAsync(20_000);
    }
    FakeSocket.last.open();
    FakeSocket.last.receive({ type: "pong" });
    FakeSocket.last.fail();
    await vi.advanceTimersByTimeAsync(500);
    expect(socket.state).toBe("connecting");
  });

  it("tries to connect even when the session can't be renewed", async () => {
    start();
    beforeRetry.mockRejectedValue(new Error("away"));
    FakeSocket.last.fail();
    await vi.advanceTimersByTimeAsync(500);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("notices a connection that is silent", async () => {
    const socket = start();
    FakeSocket.last.open();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(FakeSocket.last.sent).toEqual([{ type: "ping" }]);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(socket.state).toBe("open");
    await vi.advanceTimersByTimeAsync(1);
    expect(socket.state).toBe("waiting");
  });

  it("takes any message for a sign of life", async () => {
    const socket = start();
    FakeSocket.last.open();
    for (let second = 0; second < 60; second += 5) {
      await vi.advanceTimersByTimeAsync(5_000);
      FakeSocket.last.receive({ type: "pong" });
    }
    expect(socket.state).toBe("open");
  });

  it("tries at once when asked to, or when the machine is online again", async () => {
    const socket = start();
    FakeSocket.last.fail();
    socket.retryNow();
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.fail();
    globalThis.dispatchEvent(new Event("online"));
    expect(FakeSocket.all).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(3);
  });

  it("stays closed after stop", async () => {
    const socket = start();
    const states: string[] = [];
    socket.onState(() => states.push(socket.state));
    FakeSocket.last.fail();
    socket.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states).toEqual(["waiting", "closed"]);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("closes a socket that opens after stop", () => {
    const socket = start();
    const late = FakeSocket.last;
    socket.stop();
    late.open();
    expect(late.readyState).toBe(WebSocket.CLOSED);
    expect(socket.state).toBe("closed");
  });

  it("comes back at once when its token has run out, but not again and again", async () => {
    start();
    FakeSocket.last.open();
    FakeSocket.last.receive({ type: "pong" });
    FakeSocket.last.fail(4401);
    await vi.advanceTimersByTimeAsync(0);
    expect(beforeRetry).toHaveBeenCalledTimes(1);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.open();
    FakeSocket.last.fail(4401);
    await vi.advanceTimersByTimeAsync(100);
    expect(FakeSocket.all).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(FakeSocket.all).toHaveLength(3);
  });
});
