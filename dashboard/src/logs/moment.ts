// Times to the nanosecond, which are more than a number of JavaScript holds.

/** sortKey writes an RFC 3339 time of the server so that texts compare as the times do. */
export function sortKey(time: string): string {
  const dot = time.indexOf(".");
  if (dot < 0) return `${time.slice(0, -1)}.000000000`;
  return time.slice(0, -1).padEnd(dot + 10, "0");
}

/** plusNanos is a time some nanoseconds later (or earlier). */
export function plusNanos(time: string, nanos: number): string {
  const key = sortKey(time);
  const seconds = BigInt(Date.parse(`${key.slice(0, 19)}Z`)) / 1000n;
  const moved = seconds * 1_000_000_000n + BigInt(key.slice(20)) + BigInt(nanos);
  const fraction = ((moved % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const whole = new Date(Number((moved - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  return `${whole}.${String(fraction).padStart(9, "0")}Z`;
}
