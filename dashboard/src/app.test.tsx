// The app as a whole, against a server that is a table: the session's ways, and the URL.

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { request } from "./api/client";
import { rememberSession, sessionHint } from "./api/session";
import { createAppRouter } from "./router";

// jsdom has no canvas.
vi.mock("uplot", () => import("./chart/uplot-stub"));

/** A socket that is open at once, and says what the test wants. */
class FakeSocket {
  static CONNECTING = 0;
  static last: FakeSocket;
  readyState = 1;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  subscriptions: { id: string; kind: string; query: string; interval?: string }[] = [];

  constructor() {
    FakeSocket.last = this;
    queueMicrotask(() => this.onopen?.());
  }

  close() {}

  send(text: string) {
    const message = JSON.parse(text) as { type: string; id: string; kind: string; query: string };
    if (message.type === "subscribe") this.subscriptions.push(message);
    if (message.type === "unsubscribe") this.subscriptions = this.subscriptions.filter((s) => s.id !== message.id);
  }

  /** answer sends a message to everything that subscribed to a query with this text in it. */
  answer(text: string, message: object) {
    for (const { id } of this.subscriptions.filter((s) => s.query.includes(text))) this.onmessage?.({ data: JSON.stringify({ ...message, id }) });
  }
}

const success = (data: unknown) => ({ status: "success", data });
const cpu = (at: string) => ({ metric: { cpu_mode: "user" }, values: [[Number(at), "12"]] });

interface Server {
  calls: string[];
  hosts: string[];
  /** Whether there is a session. */
  session: boolean;
}

function serve(server: Server): void {
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const [address = "", query] = path.split("?");
    const params = new URLSearchParams(query);
    const call = `${init.method ?? "GET"} ${address}`;
    server.calls.push(call);
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, string>) : {};
    const json = (status: number, value: unknown) => new Response(JSON.stringify(value), { status });
    const denied = json(401, { title: "Unauthorized", status: 401, detail: "no", code: "unauthenticated" });
    switch (call) {
      case "POST /v1/auth/login":
        server.session = body["password"] === "right";
        return server.session ? json(200, { expires_in: 900 }) : denied;
      case "POST /v1/auth/link":
        server.session = body["once"] === "good";
        return server.session ? json(200, { expires_in: 900 }) : denied;
      case "POST /v1/auth/logout":
        server.session = false;
        return new Response(null, { status: 204 });
    }
    if (!server.session) return denied;
    switch (call) {
      case "GET /v1/auth/me":
        return json(200, { name: "admin@localhost", org_id: "o", scopes: ["admin"] });
      case "GET /v1/health":
        return json(200, { status: "degraded", version: "9.9", components: [{ name: "store logs", status: "degraded", message: "The disk is full." }] });
      case "GET /api/v1/label/host_name/values":
        return json(200, success(server.hosts));
      case "GET /api/v1/query_range":
        return json(200, success({ result: params.get("query")?.includes("(cpu_mode)") ? [cpu(params.get("end") ?? "")] : [] }));
      case "GET /api/v1/query":
        return json(200, success({ result: [] }));
      case "POST /v1/query/logs/fields":
        return json(200, { fields: [{ name: "service", values: [{ value: "orchard", count: 1234 }] }] });
      case "POST /v1/query/logs":
        return json(200, { logs: [{ id: "1", time: "2026-11-24T10:00:00Z", service: "cart", level: "error", message: "out of apples" }] });
      default:
        return json(404, {});
    }
  });
}

function open(address: string, options: Partial<Server> = {}) {
  const server: Server = { calls: [], hosts: ["atlas"], session: false, ...options };
  if (server.session) rememberSession(900);
  serve(server);
  const history = createMemoryHistory({ initialEntries: [address] });
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createAppRouter(queryClient, history);
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { server, history };
}

beforeEach(() => {
  localStorage.clear();
  FakeSocket.last = new FakeSocket();
});

async function logIn(password: string) {
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText("Email"), "admin@localhost");
  await user.type(screen.getByLabelText("Password"), password);
  await user.click(screen.getByRole("button", { name: "Log in" }));
}

describe("logging in", () => {
  it("is asked of a visitor, without requests that must fail, and leads back", async () => {
    const { server, history } = open("/?from=now-1h&to=now");
    await screen.findByLabelText("Email");
    expect(server.calls).toEqual([]);
    expect(history.location.pathname).toBe("/login");

    await logIn("right");
    await screen.findByRole("heading", { name: "CPU" });
    expect(history.location.href).toBe("/?from=now-1h&to=now");
    expect(sessionHint()).toBe("fresh");
  });

  it("says that the password is wrong", async () => {
    const { history } = open("/login");
    await logIn("wrong");
    expect(await screen.findByRole("alert")).toHaveTextContent("Email or password is wrong.");
    expect(history.location.pathname).toBe("/login");
  });

  it("works by a one-time link, which leaves the address and the history", async () => {
    const { server, history } = open("/login?once=good");
    await screen.findByRole("heading", { name: "CPU" });
    expect(history.location.href).toBe("/");
    expect(history.length).toBe(1);
    expect(server.calls.filter((call) => call === "POST /v1/auth/link")).toHaveLength(1);
  });

  it("says what to do with a link that was used", async () => {
    const { history } = open("/login?once=spent");
    expect(await screen.findByRole("alert")).toHaveTextContent("pharos admin login-link");
    await waitFor(() => expect(history.location.href).toBe("/login"));
  });

  it("isn't asked of somebody with a session", async () => {
    const { history } = open("/login", { session: true });
    await screen.findByRole("heading", { name: "CPU" });
    expect(history.location.pathname).toBe("/");
  });

  it("ends by logging out", async () => {
    const user = userEvent.setup();
    const { server, history } = open("/", { session: true });
    await user.click(await screen.findByRole("button", { name: "Account" }));
    await user.click(await screen.findByRole("menuitem", { name: "Log out" }));
    await waitFor(() => expect(history.location.pathname).toBe("/login"));
    expect(server.session).toBe(false);
    expect(sessionHint()).toBe("none");
  });
});

describe("the Overview", () => {
  it("shows the host, the logs, and what is unwell", async () => {
    open("/", { session: true });
    expect(await screen.findByRole("heading", { name: "atlas" })).toBeInTheDocument();
    expect(await screen.findByText("out of apples")).toBeInTheDocument();
    expect(await screen.findByText("The disk is full.")).toBeInTheDocument();
    expect(await screen.findByText("Version 9.9")).toBeInTheDocument();
    expect(await screen.findByRole("row", { name: /^orchard 1.23\u2009k/ })).toBeInTheDocument();
    await waitFor(() => expect(screen.getByRole("img", { name: /^CPU: User 12/ })).toBeInTheDocument());
  });

  it("says what to do while there is nothing", async () => {
    open("/", { session: true, hosts: [] });
    expect(await screen.findByRole("heading", { name: "No host reports yet" })).toBeInTheDocument();
    expect(await screen.findByLabelText("Command that sends a log line")).toHaveTextContent(`curl ${location.origin}/v1/ingest/logs`);
  });

  it("keeps the host in the address", async () => {
    const user = userEvent.setup();
    const { history } = open("/?host=web-1", { session: true, hosts: ["atlas", "web-1"] });
    await user.click(await screen.findByRole("button", { name: "Host: web-1" }));
    await user.click(await screen.findByRole("menuitemradio", { name: "atlas" }));
    await waitFor(() => expect(history.location.search).toBe("?host=atlas"));
  });
});

describe("an address without a page", () => {
  it("says so, inside the navigation", async () => {
    open("/nowhere/at/all", { session: true });
    expect(await screen.findByRole("heading", { name: "There is no page at this address" })).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "Hosts" })).toBeInTheDocument();
    expect(document.title).toBe("Not found · Pharos");
  });
});

describe("a session that ends while a page is open", () => {
  it("can be seen by who asks for anything", async () => {
    const { server } = open("/", { session: true });
    await screen.findByRole("heading", { name: "CPU" });
    server.session = false;
    await expect(request("/v1/auth/me")).rejects.toMatchObject({ status: 401 });
    expect(sessionHint()).toBe("none");
  });
});

describe("live data", () => {
  const live = () => FakeSocket.last.subscriptions;

  it("moves the charts and the logs", async () => {
    open("/", { session: true });
    await screen.findByRole("img", { name: /^CPU: User 12/ });
    await waitFor(() => expect(live().some((s) => s.query.includes("(cpu_mode)") && s.interval === "1s")).toBe(true));
    const time = Date.now() + 2000;
    act(() => FakeSocket.last.answer("(cpu_mode)", { type: "metrics", time, series: [{ labels: { cpu_mode: "user" }, value: 34 }] }));
    expect(await screen.findByRole("img", { name: /^CPU: User 34/ })).toBeInTheDocument();

    await screen.findByText("out of apples");
    act(() => FakeSocket.last.answer("*", { type: "logs", logs: [{ id: "2", time: new Date().toISOString(), message: "out of pears" }] }));
    expect(await screen.findByText("out of pears")).toBeInTheDocument();
    expect(screen.getByText("out of apples")).toBeInTheDocument();
  });

  it("says why it fails", async () => {
    open("/", { session: true });
    await waitFor(() => expect(live().some((s) => s.query.includes("(cpu_mode)"))).toBe(true));
    act(() => FakeSocket.last.answer("(cpu_mode)", { type: "error", error: { title: "Bad Request", detail: "too many series" } }));
    expect(await screen.findByText("too many series")).toBeInTheDocument();
  });

  it("isn't asked for while the page is paused", async () => {
    const user = userEvent.setup();
    open("/", { session: true });
    await waitFor(() => expect(live().length).toBeGreaterThan(5));
    await user.click(screen.getByRole("button", { name: "Live" }));
    await waitFor(() => expect(live()).toEqual([]));
  });

  it("isn't asked for when a point stands for minutes", async () => {
    open("/?from=now-7d&to=now", { session: true });
    await screen.findByRole("img", { name: /^CPU: User 12/ });
    await waitFor(() => expect(live().map((s) => s.kind)).toEqual(["logs"]));
  });
});

describe("the time range", () => {
  it("is a preset in the address", async () => {
    const user = userEvent.setup();
    const { history } = open("/", { session: true });
    await user.click(await screen.findByRole("button", { name: "Time range: Last 5 minutes" }));
    await user.click(await screen.findByRole("button", { name: "Last 6 hours" }));
    await waitFor(() => expect(history.location.search).toBe("?from=now-6h&to=now"));
    expect(screen.getByRole("button", { name: "Time range: Last 6 hours" })).toBeInTheDocument();
  });

  it("is typed, and refused when it can't be", async () => {
    const user = userEvent.setup();
    const { history } = open("/", { session: true });
    await user.click(await screen.findByRole("button", { name: /^Time range/ }));
    const form = within(await screen.findByRole("dialog"));
    await user.clear(form.getByLabelText("From"));
    await user.type(form.getByLabelText("From"), "tomorrow");
    await user.click(form.getByRole("button", { name: "Apply" }));
    expect(form.getByText("Not a time that can be read")).toBeInTheDocument();
    expect(history.location.search).toBe("");

    await user.clear(form.getByLabelText("From"));
    await user.type(form.getByLabelText("From"), "now-3h");
    await user.click(form.getByRole("button", { name: "Apply" }));
    await waitFor(() => expect(history.location.search).toBe("?from=now-3h&to=now"));
  });

  it("stands still when paused, and says so in the address", async () => {
    const user = userEvent.setup();
    const { history } = open("/", { session: true });
    await user.click(await screen.findByRole("button", { name: "Live" }));
    await waitFor(() => expect(history.location.search).toBe("?live=off"));
    await user.click(screen.getByRole("button", { name: "Paused" }));
    await waitFor(() => expect(history.location.search).toBe(""));
  });

  it("can't be live in the past", async () => {
    open("/?from=2026-11-24T10:00:00Z&to=2026-11-24T11:00:00Z", { session: true });
    expect(await screen.findByRole("button", { name: "Paused" })).toHaveAttribute("aria-disabled", "true");
  });
});
