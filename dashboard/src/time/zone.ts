// The time zone that times are shown in: the browser's, UTC, or any other, in the address (`tz`)
// so that a link shows the same clock to whoever opens it.

import { useSearch } from "@tanstack/react-router";

import { usePreference } from "../preferences";
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

/** useTimeZone is the IANA name of the zone that this page shows: the address's, else the user's. */
export function useTimeZone(): string {
  const { tz }: PageSearch = useSearch({ strict: false });
  const preferred = usePreference("zone");
  if (tz !== undefined && isZone(tz)) return tz;
  return preferred !== "" && isZone(preferred) ? preferred : browserZone();
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

/** offsetOf is how many milliseconds the clock of a zone is ahead of UTC at a moment. */
export function offsetOf(millis: number, zone: string): number {
  const p = partsOf(millis, zone);
  const shown = Date.UTC(Number(p["year"]), Number(p["month"]) - 1, Number(p["day"]), Number(p["hour"]), Number(p["minute"]), Number(p["second"]));
  return shown - Math.floor(millis / 1000) * 1000;
}

/** writeOffset writes how far a zone is from UTC at a moment: "UTC+5:30". */
export function writeOffset(millis: number, zone: string): string {
  const minutes = Math.round(offsetOf(millis, zone) / 60_000);
  if (minutes === 0) return "UTC";
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? "\u2212" : "+"}${Math.floor(Math.abs(minutes) / 60)}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
}

/**
 * inZone is the moment at which the clock of a zone shows a time, which is given as if it were
 * UTC. Of a time that is shown twice it is the first; one that is skipped is as much later.
 */
export function inZone(shown: number, zone: string): number {
  const day = 86_400_000;
  const [before, after] = [offsetOf(shown - day, zone), offsetOf(shown + day, zone)];
  const moments = [shown - before, shown - after].toSorted((a, b) => a - b);
  return moments.find((moment) => moment + offsetOf(moment, zone) === shown) ?? shown - before;
}

/** allZones lists the zones that the browser knows, UTC first. */
export function allZones(): string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
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
