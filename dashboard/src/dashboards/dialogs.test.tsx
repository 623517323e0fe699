// Dialogs of dashboards, against a server that is a table.

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { rememberSession } from "../api/session";
import { AddToDashboard } from "./AddToDashboard";
import { newDocument } from "./document";
import ImportDialog, { summaryOf } from "./ImportDialog";

type Answer = (body: Record<string, unknown>) => { status?: number; body?: unknown };

/** serve answers by method and path, and keeps what was asked. */
function serve(answers: Record<string, Answer>) {
  const asked: { call: string; body: Record<string, unknown> }[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const call = `${init.method ?? "GET"} ${path.split("?")[0]}`;
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : {};
    asked.push({ call, body });
    const { status = 200, body: answer } = answers[call]?.(body) ?? { status: 404, body: { detail: `nothing at ${call}` } };
    return new Response(JSON.stringify(answer ?? {}), { status });
  });
  return asked;
}

async function show(children: ReactNode) {
  const root = createRootRoute({ component: () => children });
  const history = createMemoryHistory({ initialEntries: ["/"] });
  const router = createRouter({ routeTree: root, history });
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return history;
}

beforeEach(() => {
  rememberSession(900);
});

const report = [
  { panel: "CPU", status: "carried", message: "" },
  { panel: "Heat", status: "dropped", message: "heatmaps can't be drawn" },
  { panel: "Table", status: "partly", message: "without transformations" },
];

describe("import", () => {
  it("shows what comes of it before it saves", async () => {
    const user = userEvent.setup();
    const dashboard = { ...newDocument("Node"), metadata: { name: "node" } };
    const asked = serve({ "POST /v1/dashboards/import": () => ({ body: { dashboard, report } }), "GET /v1/dashboards": () => ({ body: { dashboards: [] } }) });
    const history = await show(<ImportDialog onClose={() => undefined} />);
    const text = await screen.findByLabelText("Or paste it here");
    await user.click(text);
    await user.paste('{"panels": []}');
    await user.click(screen.getByRole("button", { name: "Check" }));
    expect(await screen.findByText("1 of 3 panels carried over, 1 partly, 1 dropped.")).toBeInTheDocument();
    expect(screen.getByRole("row", { name: "Heat Dropped heatmaps can't be drawn" })).toBeInTheDocument();
    expect(asked.at(-1)?.body).toEqual({ document: { panels: [] }, dry_run: true });
    await user.click(screen.getByRole("button", { name: "Save dashboard" }));
    await waitFor(() => expect(history.location.pathname).toBe("/dashboards/node"));
    expect(asked.find(({ body }) => body["dry_run"] === false)?.body["document"]).toEqual({ panels: [] });
  });

  it("says what is wrong with the text, and what the server says", async () => {
    const user = userEvent.setup();
    const asked = serve({ "POST /v1/dashboards/import": () => ({ status: 400, body: { detail: "is no dashboard", fix: "send one" } }) });
    await show(<ImportDialog onClose={() => undefined} />);
    const text = await screen.findByLabelText("Or paste it here");
    await user.click(text);
    await user.paste("{nope");
    await user.click(screen.getByRole("button", { name: "Check" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("This is not valid JSON");
    expect(asked).toEqual([]);
    await user.clear(text);
    await user.paste("{}");
    await user.click(screen.getByRole("button", { name: "Check" }));
    await waitFor(() => expect(screen.getByRole("alert")).toHaveTextContent("is no dashboard. To fix it: send one."));
  });

  it("counts in words", () => {
    expect(summaryOf([])).toBe("There are no panels in it.");
    expect(summaryOf([{ panel: "a", status: "carried" }])).toBe("1 of 1 panels carried over.");
  });
});

describe("add to dashboard", () => {
  const list = { dashboards: [{ id: "pharos-host", name: "Host", builtin: true, version: 1 }, { id: "mine", name: "Mine", version: 4 }] };
  const mine = { ...newDocument("Mine"), metadata: { name: "mine", version: 4 } };
  const button = <AddToDashboard panel={{ name: "Requests", kind: "TimeSeriesChart", queries: [{ query: "rate(x[5m])", format: "{{a}}" }], unit: "bytes", display: "stacked" }} />;

  it("puts the panel on one that can be changed, also when somebody saves at the same moment", async () => {
    const user = userEvent.setup();
    let saves = 0;
    const asked = serve({
      "GET /v1/dashboards": () => ({ body: list }),
      "GET /v1/dashboards/mine": () => ({ body: mine }),
      "PUT /v1/dashboards/mine": (body) => (++saves === 1 ? { status: 409, body: { detail: "changed" } } : { body }),
    });
    await show(button);
    await user.click(await screen.findByRole("button", { name: "Add to dashboard" }));
    const choice = await screen.findByLabelText("Dashboard");
    expect([...choice.querySelectorAll("option")].map((option) => option.textContent)).toEqual(["Mine", "New dashboard"]);
    await user.click(screen.getByRole("button", { name: "Add panel" }));
    expect(await screen.findByRole("button", { name: "Open dashboard" })).toBeInTheDocument();
    const saved = asked.findLast(({ call }) => call.startsWith("PUT"))?.body as unknown as typeof mine | undefined;
    if (!saved) throw new Error("nothing was saved");
    const { spec } = saved;
    expect(spec.layouts[0]?.spec.items[0]?.content.$ref).toBe("#/spec/panels/requests");
    expect(spec.panels["requests"]?.spec.queries?.[0]?.spec.plugin.spec).toEqual({ query: "rate(x[5m])", seriesNameFormat: "{{a}}" });
    expect(spec.panels["requests"]?.spec.plugin.spec).toEqual({ legend: { position: "bottom", mode: "list" }, yAxis: { format: { unit: "bytes" } }, visual: { areaOpacity: 0.5, stack: "all" } });
    expect(saves).toBe(2);
  });

  it("makes a new one with it", async () => {
    const user = userEvent.setup();
    const asked = serve({ "GET /v1/dashboards": () => ({ body: { dashboards: [] } }), "POST /v1/dashboards": (body) => ({ body: { ...body, metadata: { name: "fresh", version: 1 } } }) });
    const history = await show(button);
    await user.click(await screen.findByRole("button", { name: "Add to dashboard" }));
    await user.type(await screen.findByLabelText("Name of the new dashboard"), "Fresh");
    await user.click(screen.getByRole("button", { name: "Add panel" }));
    await user.click(await screen.findByRole("button", { name: "Open dashboard" }));
    expect(history.location.pathname).toBe("/dashboards/fresh");
    const made = asked.find(({ call }) => call === "POST /v1/dashboards")?.body as unknown as typeof mine | undefined;
    expect(made?.spec.display.name).toBe("Fresh");
  });

  it("says why it was not added", async () => {
    const user = userEvent.setup();
    serve({ "GET /v1/dashboards": () => ({ body: list }), "GET /v1/dashboards/mine": () => ({ status: 403, body: { detail: "the key may not read dashboards" } }) });
    await show(button);
    await user.click(await screen.findByRole("button", { name: "Add to dashboard" }));
    await user.click(await screen.findByRole("button", { name: "Add panel" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The panel was not added: the key may not read dashboards.");
  });
});
