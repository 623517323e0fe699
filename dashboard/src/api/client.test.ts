import { beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError, onSessionLost, request } from "./client";
import { rememberSession, sessionHint } from "./session";

type Handler = (init: RequestInit) => Response | Promise<Response>;

/** serve answers requests by path; what is called is in the returned list. */
function serve(handlers: Record<string, Handler>): string[] {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    calls.push(path);
    const handler = handlers[path];
    if (!handler) throw new TypeError("connection refused");
    return handler(init);
  });
  return calls;
}

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const expired = () => json(401, { title: "Unauthorized", status: 401, detail: "expired", code: "unauthenticated" });

beforeEach(() => {
  localStorage.clear();
});

describe("request", () => {
  it("sends and reads JSON, with the session's cookies", async () => {
    rememberSession(900);
    let sent: RequestInit = {};
    serve({
      "/v1/query/logs": (init) => {
        sent = init;
        return json(200, { logs: [] });
      },
    });
    await expect(request("/v1/query/logs", { method: "POST", body: { query: "*" } })).resolves.toEqual({ logs: [] });
    expect(sent).toMatchObject({ method: "POST", body: '{"query":"*"}', credentials: "same-origin" });
  });

  it("turns a problem document into an error", async () => {
    rememberSession(900);
    serve({ "/x": () => json(400, { title: "Bad Request", status: 400, detail: "step: is zero", code: "invalid", fix: "use 15s" }) });
    await expect(request("/x")).rejects.toMatchObject({ status: 400, code: "invalid", message: "step: is zero", fix: "use 15s" });
  });

  it("reads the errors of the Prometheus API, and those that are no JSON", async () => {
    rememberSession(900);
    serve({ "/x": () => json(422, { status: "error", errorType: "execution", error: "too many samples" }), "/y": () => new Response("<html>", { status: 502, statusText: "Bad Gateway" }) });
    await expect(request("/x")).rejects.toMatchObject({ code: "execution", message: "too many samples" });
    await expect(request("/y")).rejects.toMatchObject({ status: 502, message: "The server answered 502 Bad Gateway." });
  });

  it("says when the server doesn't answer", async () => {
    rememberSession(900);
    serve({});
    await expect(request("/x")).rejects.toMatchObject({ status: 0, code: "unreachable" });
  });

  it("takes an empty answer", async () => {
    serve({ "/x": () => new Response(null, { status: 204 }) });
    await expect(request("/x", { session: false })).resolves.toBeUndefined();
  });

  it("takes the statuses that the caller accepts", async () => {
    rememberSession(900);
    serve({ "/v1/health": () => json(503, { status: "down" }) });
    await expect(request("/v1/health", { accept: [503] })).resolves.toEqual({ status: "down" });
  });
});

describe("the session", () => {
  it("is renewed once for all that wait for it, and then they are sent again", async () => {
    rememberSession(900);
    let renewed = false;
    const calls = serve({
      "/a": () => (renewed ? json(200, "a") : expired()),
      "/b": () => (renewed ? json(200, "b") : expired()),
      "/v1/auth/refresh": async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        renewed = true;
        return json(200, { expires_in: 900 });
      },
    });
    await expect(Promise.all([request("/a"), request("/b")])).resolves.toEqual(["a", "b"]);
    expect(calls.filter((path) => path === "/v1/auth/refresh")).toHaveLength(1);
  });

  it("is renewed before it runs out, without a failing request", async () => {
    rememberSession(10);
    const calls = serve({ "/a": () => json(200, "a"), "/v1/auth/refresh": () => json(200, { expires_in: 900 }) });
    await request("/a");
    await request("/a");
    expect(calls).toEqual(["/v1/auth/refresh", "/a", "/a"]);
  });

  it("is over when it can't be renewed", async () => {
    rememberSession(900);
    const lost = vi.fn();
    const stop = onSessionLost(lost);
    serve({ "/a": expired, "/v1/auth/refresh": expired });
    await expect(request("/a")).rejects.toMatchObject({ status: 401 });
    expect(lost).toHaveBeenCalledTimes(1);
    expect(sessionHint()).toBe("none");
    stop();
  });

  it("is not over because the server is away for a moment", async () => {
    rememberSession(10);
    const lost = vi.fn();
    const stop = onSessionLost(lost);
    serve({ "/a": expired, "/v1/auth/refresh": () => json(503, { detail: "starting", code: "unavailable" }) });
    await expect(request("/a")).rejects.toMatchObject({ status: 503 });
    expect(lost).not.toHaveBeenCalled();
    expect(sessionHint()).toBe("stale");
    stop();
  });

  it("isn't asked for by a visitor who has none", async () => {
    const calls = serve({});
    await expect(request("/v1/auth/me")).rejects.toBeInstanceOf(ApiError);
    expect(calls).toEqual([]);
  });

  it("has nothing to do with a wrong password", async () => {
    const calls = serve({ "/v1/auth/login": expired });
    await expect(request("/v1/auth/login", { method: "POST", body: {}, session: false })).rejects.toMatchObject({ status: 401 });
    expect(calls).toEqual(["/v1/auth/login"]);
  });
});
