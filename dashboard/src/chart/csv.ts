// A chart's data as comma-separated values, for a spreadsheet.

import type { ChartSeries } from "./data";

function cell(text: string): string {
  // A text that begins like a formula must not become one.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** toCSV writes a line for each time: RFC 3339 in UTC, then the values as they are, without units. */
export function toCSV(times: readonly number[], series: readonly ChartSeries[]): string {
  const lines = [["time", ...series.map((s) => cell(s.label))].join(",")];
  times.forEach((time, i) => {
    lines.push([new Date(time * 1000).toISOString(), ...series.map((s) => String(s.values[i] ?? ""))].join(","));
  });
  return `${lines.join("\r\n")}\r\n`;
}
