// The shared components, as their users meet them.

import { MantineProvider } from "@mantine/core";
import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState, type ReactNode } from "react";
import { describe, expect, it, vi } from "vitest";

import { ApiError } from "../api/client";
import { ConfirmButton } from "./ConfirmButton";
import { DataTable, type Column } from "./DataTable";
import { Failure } from "./Failure";
import { Tabs } from "./Tabs";

const show = (node: ReactNode) => render(<MantineProvider env="test">{node}</MantineProvider>);

interface Host {
  name: string;
  cpu: number | undefined;
}

const columns: Column<Host>[] = [
  { id: "name", title: "Host", cell: (host) => host.name, sortBy: (host) => host.name },
  { id: "cpu", title: "CPU", cell: (host) => host.cpu ?? "–", sortBy: (host) => host.cpu, number: true },
];

const names = () => screen.getAllByRole("rowheader").map((cell) => cell.textContent);

describe("DataTable", () => {
  const rows = [{ name: "web-10", cpu: 5 }, { name: "web-2", cpu: 90 }, { name: "db", cpu: undefined }];

  it("sorts by the column that is clicked, numbers from the top", async () => {
    const user = userEvent.setup();
    show(<DataTable label="Hosts" columns={columns} rows={rows} rowKey={(host) => host.name} initialSort={{ column: "name", descending: false }} />);
    expect(names()).toEqual(["db", "web-2", "web-10"]);
    await user.click(screen.getByRole("button", { name: "CPU" }));
    expect(names()).toEqual(["web-2", "web-10", "db"]);
    expect(screen.getByRole("columnheader", { name: "CPU" })).toHaveAttribute("aria-sort", "descending");
    await user.click(screen.getByRole("button", { name: "CPU" }));
    expect(names()).toEqual(["web-10", "web-2", "db"]);
  });

  it("says how many rows there are when it draws only some", () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ name: `host-${i}`, cpu: i }));
    show(<DataTable label="Hosts" columns={columns} rows={many} rowKey={(host) => host.name} />);
    expect(screen.getByRole("table")).toHaveAttribute("aria-rowcount", "1001");
    expect(screen.queryAllByRole("rowheader").length).toBeLessThan(200);
  });

  it("shows what stands for no rows", () => {
    show(<DataTable label="Hosts" columns={columns} rows={[]} rowKey={(host) => host.name} empty={<p>No hosts</p>} />);
    expect(screen.getByText("No hosts")).toBeInTheDocument();
    expect(screen.queryByRole("table")).toBeNull();
  });
});

function TwoTabs() {
  const [tab, setTab] = useState<"a" | "b">("a");
  return (
    <Tabs label="Parts" tabs={[{ id: "a", label: "First" }, { id: "b", label: "Second", count: 3 }]} value={tab} onChange={setTab}>
      <p>content {tab}</p>
    </Tabs>
  );
}

describe("Tabs", () => {
  it("are moved among by arrows", async () => {
    const user = userEvent.setup();
    show(<TwoTabs />);
    await user.tab();
    expect(screen.getByRole("tab", { name: "First" })).toHaveFocus();
    await user.keyboard("{ArrowRight}");
    expect(screen.getByRole("tab", { name: /Second/ })).toHaveFocus();
    expect(within(screen.getByRole("tabpanel")).getByText("content b")).toBeInTheDocument();
    await user.keyboard("{ArrowRight}");
    expect(screen.getByText("content a")).toBeInTheDocument();
  });
});

describe("ConfirmButton", () => {
  const button = (onConfirm: () => Promise<unknown>) => (
    <ConfirmButton title="Revoke ci?" question="Nothing can use it any more." confirm="Revoke" onConfirm={onConfirm}>
      Revoke…
    </ConfirmButton>
  );

  it("asks first, and gives the focus back", async () => {
    const user = userEvent.setup();
    const confirmed = vi.fn(async () => undefined);
    show(button(confirmed));
    const opener = screen.getByRole("button", { name: "Revoke…" });
    await user.click(opener);
    expect(screen.getByRole("dialog", { name: "Revoke ci?" })).toHaveTextContent("Nothing can use it any more.");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(opener).toHaveFocus();
    expect(confirmed).not.toHaveBeenCalled();

    await user.click(opener);
    await user.click(screen.getByRole("button", { name: "Revoke" }));
    expect(confirmed).toHaveBeenCalledTimes(1);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("says why it can't", async () => {
    const user = userEvent.setup();
    show(button(async () => Promise.reject(new ApiError(403, "forbidden", "needs the scope admin", "ask an admin"))));
    await user.click(screen.getByRole("button", { name: "Revoke…" }));
    await user.click(screen.getByRole("button", { name: "Revoke" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("needs the scope admin. To fix it: ask an admin.");
    expect(screen.getByRole("dialog")).toBeInTheDocument();
  });
});

describe("Failure", () => {
  it("offers another try", async () => {
    const user = userEvent.setup();
    const retry = vi.fn();
    show(<Failure title="The hosts can't be loaded" error={new Error("The server does not answer.")} onRetry={retry} />);
    expect(screen.getByRole("alert")).toHaveTextContent("The hosts can't be loaded: The server does not answer.");
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(retry).toHaveBeenCalledTimes(1);
  });
});
