// Numbers as people read them. A missing number is an en dash, everywhere.

export type Unit =
  | "percent"
  | "ratio"
  | "bytes"
  | "bytesPerSecond"
  | "bits"
  | "bitsPerSecond"
  | "perSecond"
  | "count"
  | "plain"
  | "seconds"
  | "milliseconds"
  | "microseconds"
  | "nanoseconds"
  | "hertz"
  | "celsius"
  | "bool"
  | "timestamp";

/** The units that can be chosen, with the words for a list. */
export const unitNames: readonly (readonly [unit: Unit, name: string])[] = [
  ["count", "Number, short (12.5 k)"],
  ["plain", "Number, as it is"],
  ["percent", "Percent (0 to 100)"],
  ["ratio", "Percent (0 to 1)"],
  ["bytes", "Bytes (KiB)"],
  ["bytesPerSecond", "Bytes per second (kB/s)"],
  ["bits", "Bits (kb)"],
  ["bitsPerSecond", "Bits per second (kb/s)"],
  ["perSecond", "Per second"],
  ["seconds", "Seconds"],
  ["milliseconds", "Milliseconds"],
  ["microseconds", "Microseconds"],
  ["nanoseconds", "Nanoseconds"],
  ["hertz", "Hertz"],
  ["celsius", "Degrees Celsius"],
  ["bool", "Yes or no"],
  ["timestamp", "Moment (Unix seconds)"],
];

const known = new Set<string>(unitNames.map(([unit]) => unit));

/** isUnit says whether a text from outside names a unit. */
export function isUnit(text: string | undefined): text is Unit {
  return text !== undefined && known.has(text);
}

const nothing = "–";
const space = "\u2009"; // thin, and it doesn't get lost in HTML
const minus = "\u2212";

/** The base of the names of sizes: KiB are 1024, kB/s are 1000. */
export function baseOf(unit: Unit): 1000 | 1024 {
  return unit === "bytes" ? 1024 : 1000;
}

/** How many seconds a unit of time is; undefined for any other unit. */
export function secondsOf(unit: Unit): number | undefined {
  switch (unit) {
    case "seconds":
      return 1;
    case "milliseconds":
      return 1e-3;
    case "microseconds":
      return 1e-6;
    case "nanoseconds":
      return 1e-9;
    default:
      return undefined;
  }
}

const scaledNames: Partial<Record<Unit, readonly string[]>> = {
  bytes: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"],
  bytesPerSecond: ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"],
  bits: ["b", "kb", "Mb", "Gb", "Tb"],
  bitsPerSecond: ["b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"],
  hertz: ["Hz", "kHz", "MHz", "GHz"],
};

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
}

function scaled(value: number, base: number, names: readonly string[]): string {
  let i = 0;
  let size = value;
  // 999.6 would be written as 1000, so it goes up a name already.
  while (size >= base - 0.5 && i < names.length - 1) {
    size /= base;
    i += 1;
  }
  return `${i === 0 ? small(size) : threeDigits(size)}${space}${names[i]}`;
}

/** small writes what is below a thousand; what is below one keeps the digits that matter. */
function small(value: number): string {
  return value > 0 && value < 1 ? significant(value) : String(Math.round(value));
}

function significant(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) < 1e-6 || Math.abs(value) >= 1e15) return value.toExponential(2);
  return String(Number(value.toPrecision(3)));
}

/** format writes a value with its unit: bytes by 1024 (GiB), rates by 1000 (MB/s). */
export function format(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return nothing;
  if (unit === "bool") return value === 0 ? "No" : "Yes";
  if (unit === "timestamp") return new Date(value * 1000).toISOString().slice(0, 19).replace("T", " ");
  return value < 0 ? minus + formatSize(-value, unit) : formatSize(value, unit);
}

function formatSize(value: number, unit: Unit): string {
  const names = scaledNames[unit];
  if (names) return scaled(value, baseOf(unit), names);
  const seconds = secondsOf(unit);
  if (seconds !== undefined) return formatSeconds(value * seconds);
  switch (unit) {
    case "percent":
      return `${percent(value)}${space}%`;
    case "ratio":
      return `${percent(value * 100)}${space}%`;
    case "perSecond":
      return `${short(value)}/s`;
    case "celsius":
      return `${value.toFixed(1)}${space}°C`;
    case "count":
      return short(value);
    default:
      return value >= 0.1 || value === 0 ? threeDigits(value) : significant(value);
  }
}

function percent(value: number): string {
  if (value > 0 && value < 0.05) return value < 1e-6 ? significant(value) : String(Number(value.toPrecision(1)));
  return value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1);
}

function short(value: number): string {
  if (value > 0 && value < 0.1) return significant(value);
  if (value < 999.5) return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
  let i = -1;
  let size = value;
  const names = ["k", "M", "G", "T"];
  while (size >= 999.5 && i < names.length - 1) {
    size /= 1000;
    i += 1;
  }
  return `${threeDigits(size)}${space}${names[i]}`;
}

/** formatSeconds writes how long something took: "12.5 ms"; a minute and more as its two largest units. */
function formatSeconds(seconds: number): string {
  if (seconds === 0) return `0${space}s`;
  if (seconds >= 59.95) return formatDuration(Math.round(seconds));
  for (const [name, size] of [["s", 1], ["ms", 1e-3], ["µs", 1e-6]] as const) {
    if (seconds >= size * 0.9995) return `${threeDigits(seconds / size)}${space}${name}`;
  }
  return `${small(seconds * 1e9)}${space}ns`;
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
