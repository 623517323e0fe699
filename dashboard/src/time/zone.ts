// The time zone that times are shown in: the browser's, UTC, or any other, in the address (`tz`)
// so that a link shows the same clock to whoever opens it.

import { useSearch } from "@tanstack/react-router";

import type { PageSearch } from "../useChangeSearch";

/** browserZone is the IANA name of the zone of this machine, such as "Europe/Berlin". */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** isZone says whether the browser knows a time zone of that name. */
export function isZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

/** useTimeZone is the IANA name of the zone that this page shows. */
export function useTimeZone(): string {
  const { tz }: PageSearch = useSearch({ strict: false });
  return tz !== undefined && isZone(tz) ? tz : browserZone();
}

/** How much of a moment is written: 14:05:30, 14:05:30.250, 2026-11-24 14:05:30, or 24 Nov. */
export type TimeStyle = "clock" | "millis" | "full" | "fullMillis" | "day";

const formatters = new Map<string, Intl.DateTimeFormat>();

function partsOf(millis: number, zone: string): Record<string, string> {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
    });
    formatters.set(zone, formatter);
  }
  return Object.fromEntries(formatter.formatToParts(millis).map(({ type, value }) => [type, value]));
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** formatTime writes a moment (Unix milliseconds) on the clock of a zone, in 24 hours. */
export function formatTime(millis: number, zone: string, style: TimeStyle = "clock"): string {
  const p = partsOf(millis, zone);
  const clock = `${p["hour"]}:${p["minute"]}:${p["second"]}`;
  switch (style) {
    case "clock":
      return clock;
    case "millis":
      return `${clock}.${p["fractionalSecond"]}`;
    case "full":
      return `${p["year"]}-${p["month"]}-${p["day"]} ${clock}`;
    case "fullMillis":
      return `${p["year"]}-${p["month"]}-${p["day"]} ${clock}.${p["fractionalSecond"]}`;
    case "day":
      return `${p["day"]} ${months[Number(p["month"]) - 1]}`;
  }
}
