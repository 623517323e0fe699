import { MantineProvider } from "@mantine/core";
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { ChartTable } from "./ChartTable";
import type { ChartSeries } from "./data";
import { useLegend } from "./legend";
import { LegendTable } from "./LegendTable";
import { TimeChart } from "./TimeChart";
import UPlotStub from "./uplot-stub";

vi.mock("uplot", () => import("./uplot-stub"));
vi.mock("../time/zone", async (original) => ({ ...(await original<typeof import("../time/zone")>()), useTimeZone: () => "UTC" }));

const times = [1000, 1010, 1020, 1030];
const make = (count: number): ChartSeries[] => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, label: `Series ${i}`, colour: "#123456", values: [i, i + 1, null, i + 3] }));
const onZoom = vi.fn<(from: number, to: number) => void>();
const plain = (text: string | null) => text?.replaceAll("\u2009", " ");

function Page({ count, total, onShowMore }: { count: number; total?: number; onShowMore?: () => void }) {
  const [series] = useState(() => make(count));
  const legend = useLegend(series.map(({ key }) => key));
  return (
    <>
      <TimeChart label="Load" frame={{ times }} series={series} unit="count" from={1000} to={1030} legend="none" hidden={legend.hidden} highlight={legend.highlight} onZoom={onZoom} />
      <LegendTable label="Series of Load" series={series} unit="count" legend={legend} totalSeries={total} onShowMore={onShowMore} />
    </>
  );
}

function open(props: Parameters<typeof Page>[0]) {
  render(
    <MantineProvider>
      <Page {...props} />
    </MantineProvider>,
  );
  return screen.queryByRole("img", { name: /^Load/ })!;
}

const chart = () => [...UPlotStub.all].at(-1)!;
const tooltip = () => screen.queryByRole("tooltip");
const names = () => within(screen.getByRole("table", { name: "Series of Load" })).getAllByRole("rowheader").map((cell) => cell.textContent);

beforeEach(() => {
  onZoom.mockReset();
});

describe("TimeChart", () => {
  it("says in words what it shows", () => {
    expect(open({ count: 2 })).toHaveAttribute("aria-label", "Load: Series 0 3, Series 1 4");
  });

  it("is read by keys", async () => {
    const image = open({ count: 3 });
    image.focus();
    await userEvent.keyboard("{ArrowRight}{ArrowRight}");
    expect(tooltip()).toHaveTextContent("1970-01-01 00:16:50");
    expect(within(tooltip()!).getAllByRole("row").map((row) => plain(row.textContent))).toEqual(["Series 23", "Series 12", "Series 01"]);
    expect(document.querySelector("[aria-live]")).toHaveTextContent("1970-01-01 00:16:50: Series 2 3, and 2 more");
    await userEvent.keyboard("{ArrowDown}");
    expect(document.querySelector("[aria-live]")).toHaveTextContent("Series 1 2");
    await userEvent.keyboard("{End}");
    expect(tooltip()).toHaveTextContent("00:17:10");
    await userEvent.keyboard("{Escape}");
    expect(tooltip()).toBeNull();
  });

  it("moves and zooms the time range by keys", async () => {
    open({ count: 1 }).focus();
    await userEvent.keyboard("{Shift>}{ArrowLeft}{/Shift}+-");
    expect(onZoom.mock.calls).toEqual([
      [985, 1015],
      [1007.5, 1022.5],
      [985, 1045],
    ]);
  });

  it("zooms out at a double click", () => {
    open({ count: 1 });
    fireEvent.dblClick(chart().over);
    expect(onZoom).toHaveBeenCalledWith(985, 1045);
  });

  it("keeps its values when they are pinned, until a press elsewhere", async () => {
    open({ count: 1 });
    const { over } = chart();
    fireEvent.pointerEnter(over);
    fireEvent.pointerMove(over);
    act(() => chart().setCursor({ left: 10, top: 5 }));
    expect(tooltip()).toHaveTextContent("00:16:50");
    fireEvent.click(over);
    fireEvent.pointerLeave(over);
    act(() => chart().setCursor({ left: -10, top: -10 }));
    expect(tooltip()).toHaveTextContent("00:16:50");
    expect(screen.getByRole("button", { name: "Close the values" })).toBeVisible();
    fireEvent.pointerDown(document.body);
    expect(tooltip()).toBeNull();
  });

  it("shows no tooltip for the cursor of another chart", () => {
    open({ count: 1 });
    act(() => chart().setCursor({ left: 10, top: 5 }));
    expect(tooltip()).toBeNull();
  });

  it("is not made anew for new data", () => {
    const draw = (values: number[]) => (
      <MantineProvider>
        <TimeChart label="Load" frame={{ times }} series={[{ key: "a", label: "A", colour: "#123456", values }]} unit="count" from={1000} to={1030} />
      </MantineProvider>
    );
    const { rerender } = render(draw([1, 2, 3, 4]));
    const before = chart();
    rerender(draw([5, 6, 7, 8]));
    expect(chart()).toBe(before);
    expect(before.data[1]).toEqual([5, 6, 7, 8]);
  });

  it("says why it is empty", () => {
    open({ count: 0 });
    expect(screen.getByText("No data in this time range")).toBeVisible();
  });
});

describe("LegendTable", () => {
  it("shows the largest, says how many there are, and lists all", async () => {
    const onShowMore = vi.fn<() => void>();
    open({ count: 50, total: 320, onShowMore });
    expect(names()).toHaveLength(10);
    expect(names()[0]).toBe("Series 49");
    expect(screen.getByText("Top 10 of 320 series")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "List all 50 drawn" }));
    expect(names()).toHaveLength(50);
    expect(screen.getByText("The largest 50 of 320 series")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    expect(onShowMore).toHaveBeenCalledTimes(1);
  });

  it("is sorted by its columns", async () => {
    open({ count: 3 });
    await userEvent.click(screen.getByRole("button", { name: /^Max/ }));
    expect(names()).toEqual(["Series 0", "Series 1", "Series 2"]);
    await userEvent.click(screen.getByRole("button", { name: "Series" }));
    expect(screen.getByRole("columnheader", { name: /Series/ })).toHaveAttribute("aria-sort", "ascending");
  });

  it("shows one series alone, hides one, and shows all again", async () => {
    open({ count: 3 });
    const drawn = () => document.querySelector("[data-chart]")?.getAttribute("data-series");
    await userEvent.click(screen.getByRole("button", { name: "Series 1" }));
    expect(drawn()).toBe("1");
    await userEvent.click(screen.getByRole("button", { name: "Series 1" }));
    expect(drawn()).toBe("3");
    const user = userEvent.setup();
    await user.keyboard("{Control>}");
    await user.click(screen.getByRole("button", { name: "Series 2" }));
    await user.keyboard("{/Control}");
    expect(drawn()).toBe("2");
    expect(screen.getByRole("button", { name: "Series 2" })).toHaveAttribute("aria-pressed", "false");
    await userEvent.click(screen.getByRole("button", { name: "1 hidden, show them" }));
    expect(drawn()).toBe("3");
  });

  it("lets a series stand out", async () => {
    open({ count: 3 });
    await userEvent.hover(screen.getByRole("button", { name: "Series 1" }));
    expect(chart().focused).toBe(2);
    await userEvent.unhover(screen.getByRole("table"));
    expect(chart().focused).toBeNull();
  });
});

describe("ChartTable", () => {
  it("lists times with values, the newest first", () => {
    render(
      <MantineProvider>
        <ChartTable label="Values" frame={{ times }} series={make(2)} unit="count" />
      </MantineProvider>,
    );
    const rows = within(screen.getByRole("table", { name: "Values" })).getAllByRole("row");
    expect(rows.map((row) => plain(row.textContent))).toEqual(["Time▼Series 0Series 1", "1970-01-01 00:17:1034", "1970-01-01 00:16:5012", "1970-01-01 00:16:4001"]);
    expect(screen.getByRole("button", { name: "Copy the table as CSV" })).toBeVisible();
  });
});
