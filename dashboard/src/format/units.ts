// Numbers as people read them. A missing number is an en dash, everywhere.

export type Unit = "percent" | "bytes" | "bytesPerSecond" | "perSecond" | "count" | "plain";

const nothing = "–";
const space = "\u2009"; // thin, and it doesn't get lost in HTML

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
}

function scaled(value: number, base: number, names: readonly string[]): string {
  let i = 0;
  let size = Math.abs(value);
  // 999.6 would be written as 1000, so it goes up a name already.
  while (size >= base - 0.5 && i < names.length - 1) {
    size /= base;
    i += 1;
  }
  const number = Math.sign(value) * size;
  return `${i === 0 ? String(Math.round(number)) : threeDigits(number)}${space}${names[i]}`;
}

/** format writes a value with its unit: bytes by 1024 (GiB), rates by 1000 (MB/s). */
export function format(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return nothing;
  switch (unit) {
    case "percent":
      return `${value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)}${space}%`;
    case "bytes":
      return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
    case "bytesPerSecond":
      return scaled(value, 1000, ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"]);
    case "perSecond":
      return `${short(value)}/s`;
    case "count":
      return short(value);
    case "plain":
      return threeDigits(value);
  }
}

function short(value: number): string {
  if (Math.abs(value) < 999.5) return Math.abs(value) >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
  let i = -1;
  let size = value;
  const names = ["k", "M", "G"];
  while (Math.abs(size) >= 999.5 && i < names.length - 1) {
    size /= 1000;
    i += 1;
  }
  return `${threeDigits(size)}${space}${names[i]}`;
}

/** formatDuration writes seconds as their two largest units: "12 d 4 h". */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return nothing;
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [name, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]] as const) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || (name === "s" && parts.length === 0)) parts.push(`${count}${space}${name}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.join(" ");
}

/** axisFormatter keeps one scale and the same decimals for all ticks of an axis. */
export function axisFormatter(unit: Unit): (ticks: number[]) => string[] {
  return (ticks) => {
    const largest = Math.max(...ticks.map(Math.abs), 0);
    if (unit === "bytes") return axisBytes(ticks, largest);
    return ticks.map((tick) => (tick === 0 ? zero(unit) : format(tick, unit)));
  };
}

function zero(unit: Unit): string {
  return unit === "percent" ? `0${space}%` : "0";
}

function axisBytes(ticks: number[], largest: number): string[] {
  const names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let i = 0;
  while (largest >= 1024 && i < names.length - 1) {
    largest /= 1024;
    i += 1;
  }
  return ticks.map((tick) => {
    const value = tick / 1024 ** i;
    return tick === 0 ? "0" : `${Number.isInteger(value) ? value : value.toFixed(1)}${space}${names[i]}`;
  });
}
