// Moving a time range: earlier, later, wider.

import { resolve, writeMoment, type TimeRange } from "./range";

/** relativeSpan writes a span up to now: "now-90m". */
function relativeSpan(span: number): TimeRange {
  const seconds = Math.max(1, Math.round(span / 1000));
  const [size, unit] = ([[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]] as const).find(([each]) => seconds % each === 0)!;
  return { from: `now-${seconds / size}${unit}`, to: "now" };
}

/** between writes a range, one that would reach past now as a relative one that ends now. */
function between(from: number, to: number, now: number): TimeRange {
  return to >= now - 1000 ? relativeSpan(to - from) : { from: writeMoment(from), to: writeMoment(to) };
}

function move(range: TimeRange, now: number, direction: -1 | 1): TimeRange {
  const span = resolve(range, now);
  if (!span) return range;
  const by = (direction * (span.to - span.from)) / 2;
  // Whole seconds read better in an address, as far as they are there.
  const unit = span.to - span.from >= 10_000 ? 1000 : 1;
  const from = Math.round((span.from + by) / unit) * unit;
  return between(from, from + (span.to - span.from), now);
}

/** earlier moves a range back by half of it, so that half of what was shown is still there. */
export function earlier(range: TimeRange, now: number): TimeRange {
  return move(range, now, -1);
}

/** later moves a range on by half of it; one that reaches now ends now, and goes on with it. */
export function later(range: TimeRange, now: number): TimeRange {
  return range.to.trim() === "now" ? range : move(range, now, 1);
}

/** The widest range that zooming out makes. */
const widest = 10 * 366 * 86_400_000;

/** zoomOut doubles a range around its middle, or, if it ends now, towards the past. */
export function zoomOut(range: TimeRange, now: number): TimeRange {
  const span = resolve(range, now);
  if (!span) return range;
  const width = span.to - span.from;
  if (width * 2 > widest) return range;
  if (range.to.trim() === "now") return relativeSpan(width * 2);
  return between(span.from - width / 2, span.to + width / 2, now);
}
