// A time range as people write it and as the URL holds it: two expressions, each "now",
// "now-15m" or a moment. It is resolved to numbers only when something is asked of the server.

import { browserZone, formatTime, inZone } from "./zone";

export interface TimeRange {
  from: string;
  to: string;
}

/** A range in Unix milliseconds. */
export interface ResolvedRange {
  from: number;
  to: number;
}

/** Short, so that a host that just began to report fills the charts soon, at a point a second. */
export const defaultRange: TimeRange = { from: "now-5m", to: "now" };

export const presets: readonly { from: string; label: string; short: string }[] = [
  { from: "now-5m", label: "Last 5 minutes", short: "5m" },
  { from: "now-15m", label: "Last 15 minutes", short: "15m" },
  { from: "now-30m", label: "Last 30 minutes", short: "30m" },
  { from: "now-1h", label: "Last hour", short: "1h" },
  { from: "now-3h", label: "Last 3 hours", short: "3h" },
  { from: "now-6h", label: "Last 6 hours", short: "6h" },
  { from: "now-24h", label: "Last 24 hours", short: "24h" },
  { from: "now-2d", label: "Last 2 days", short: "2d" },
  { from: "now-7d", label: "Last 7 days", short: "7d" },
  { from: "now-30d", label: "Last 30 days", short: "30d" },
];

const unitMillis: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

const relative = /^now(?:-(\d{1,6})([smhdw]))?$/;
const withZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const local = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/;

/** parseTime reads a moment: "now-15m", RFC 3339, Unix seconds or milliseconds. */
export function parseTime(text: string, now: number): number | undefined {
  const expression = text.trim();
  const match = relative.exec(expression);
  if (match) {
    const [, count, unit] = match;
    return count && unit ? now - Number(count) * unitMillis[unit]! : now;
  }
  if (/^\d{9,10}$/.test(expression)) return Number(expression) * 1000;
  if (/^\d{12,13}$/.test(expression)) return Number(expression);
  if (withZone.test(expression)) {
    const millis = Date.parse(expression);
    return Number.isNaN(millis) ? undefined : millis;
  }
  return undefined;
}

/** parseLocal reads what people type: the same, and dates on the clock of a zone. */
export function parseLocal(text: string, now: number, zone = browserZone()): number | undefined {
  const expression = text.trim();
  const match = local.exec(expression);
  if (!match) return parseTime(expression, now);
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const shown = Date.UTC(year!, month! - 1, day!, hour, minute, second);
  // Date rolls 31 February over into March; a typing error must not pass for another day.
  const date = new Date(shown);
  const same = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day && date.getUTCHours() === hour && date.getUTCMinutes() === minute && second < 60;
  return same ? inZone(shown, zone) : undefined;
}

export function isRelative(expression: string): boolean {
  return relative.test(expression.trim());
}

/** isLive says whether a range ends now, so that new data belongs to it. */
export function isLive(range: TimeRange): boolean {
  return range.to.trim() === "now" && isRelative(range.from);
}

/** resolve turns a range into numbers; undefined when it can't be read or is empty. */
export function resolve(range: TimeRange, now: number): ResolvedRange | undefined {
  const from = parseTime(range.from, now);
  const to = parseTime(range.to, now);
  if (from === undefined || to === undefined || from >= to) return undefined;
  return { from, to };
}

/** toExpression writes typed text as the URL holds it, independent of any time zone. */
export function toExpression(text: string, now: number, zone = browserZone()): string | undefined {
  const expression = text.trim();
  if (isRelative(expression)) return expression;
  const millis = parseLocal(expression, now, zone);
  return millis === undefined ? undefined : writeMoment(millis);
}

/** writeMoment writes a moment as the URL holds it. */
export function writeMoment(millis: number): string {
  return new Date(millis).toISOString().replace(".000Z", "Z");
}

/** formatLocal writes a moment on the clock of a zone, in the form that parseLocal reads. */
export function formatLocal(millis: number, zone = browserZone()): string {
  return formatTime(millis, zone, "full");
}

const longUnits: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

/** describeRange is the text on the time picker. */
export function describeRange(range: TimeRange, zone = browserZone()): string {
  const preset = range.to === "now" ? presets.find((p) => p.from === range.from) : undefined;
  if (preset) return preset.label;
  const [, count, unit] = relative.exec(range.from.trim()) ?? [];
  if (range.to.trim() === "now" && count && unit) return count === "1" ? `Last ${longUnits[unit]}` : `Last ${count} ${longUnits[unit]}s`;
  const side = (expression: string) => {
    const millis = isRelative(expression) ? undefined : parseTime(expression, 0);
    return millis === undefined ? expression : formatLocal(millis, zone);
  };
  const from = side(range.from);
  const to = side(range.to);
  const sameDay = from.slice(0, 11) === to.slice(0, 11) && from.length === 19;
  return `${from} – ${sameDay ? to.slice(11) : to}`;
}

/**
 * stepFor is the distance of points in seconds, so that there is at most one point to a pixel,
 * rounded up to a number that people know.
 */
export function stepFor(span: number, pixels: number): number {
  const wanted = span / 1000 / Math.max(pixels, 100);
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400];
  return steps.find((step) => step >= wanted) ?? Math.ceil(wanted / 86400) * 86400;
}
