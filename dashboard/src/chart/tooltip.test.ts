import { describe, expect, it } from "vitest";

import type { ChartSeries } from "./data";
import { mostRows, placeTooltip, tooltipContent } from "./tooltip";

const many = (count: number): ChartSeries[] => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, label: `Series ${i}`, colour: "#000000", values: [i, null, -i] }));

describe("tooltipContent", () => {
  it("sorts by value, largest first", () => {
    const { rows, more, total } = tooltipContent(many(3), 0, undefined);
    expect(rows.map((row) => row.value)).toEqual([2, 1, 0]);
    expect([more, total]).toEqual([0, 3]);
  });

  it("leaves gaps out", () => {
    expect(tooltipContent(many(3), 1, undefined)).toEqual({ rows: [], more: 0, total: 0 });
  });

  it("has at most twelve rows and says how many more there are", () => {
    const { rows, more, total } = tooltipContent(many(320), 0, undefined);
    expect(rows).toHaveLength(mostRows);
    expect(more).toBe(308);
    expect(total).toBe((319 * 320) / 2);
  });

  it("always has the nearest", () => {
    const { rows } = tooltipContent(many(320), 0, "k3");
    expect(rows).toHaveLength(mostRows);
    expect(rows.filter((row) => row.nearest).map((row) => row.series.key)).toEqual(["k3"]);
    expect(rows.at(-1)?.value).toBe(3);
    expect(tooltipContent(many(320), 0, "k319").rows.filter((row) => row.nearest)).toHaveLength(1);
  });
});

describe("placeTooltip", () => {
  const view = { width: 1000, height: 600 };
  const size = { width: 200, height: 100 };

  it("stands right of the cursor, or left of it where there is no room", () => {
    expect(placeTooltip({ x: 300, y: 300 }, size, view)).toEqual({ x: 314, y: 250 });
    expect(placeTooltip({ x: 900, y: 300 }, size, view)).toEqual({ x: 686, y: 250 });
  });

  it("stands above the cursor in a narrow window, or below it at its top", () => {
    const phone = { width: 390, height: 800 };
    expect(placeTooltip({ x: 190, y: 400 }, { width: 300, height: 200 }, phone)).toEqual({ x: 40, y: 172 });
    expect(placeTooltip({ x: 190, y: 100 }, { width: 300, height: 200 }, phone)).toEqual({ x: 40, y: 128 });
  });

  it("never leaves the window", () => {
    for (let x = 0; x <= 1000; x += 50) {
      for (let y = 0; y <= 600; y += 50) {
        for (const box of [size, { width: 420, height: 280 }, { width: 700, height: 300 }]) {
          const place = placeTooltip({ x, y }, box, view);
          expect(place.x).toBeGreaterThanOrEqual(0);
          expect(place.y).toBeGreaterThanOrEqual(0);
          expect(place.x + box.width).toBeLessThanOrEqual(view.width);
          expect(place.y + box.height).toBeLessThanOrEqual(view.height);
        }
      }
    }
  });
});
