// Marks of an axis: one scale and as many decimals as they need to differ.

import { baseOf, format, secondsOf, type Unit } from "./units";

const space = "\u2009";
const minus = "\u2212";

/** One name of sizes, and how large it is. */
type Scale = readonly [name: string, size: number];

const powers = (base: number, names: readonly string[]): Scale[] => names.map((name, i) => [name, base ** i]);

function scalesOf(unit: Unit): Scale[] {
  const seconds = secondsOf(unit);
  if (seconds !== undefined) {
    return (
      [["ns", 1e-9], ["µs", 1e-6], ["ms", 1e-3], ["s", 1], ["min", 60], ["h", 3600], ["d", 86400]] as const
    ).map(([name, size]) => [name, size / seconds]);
  }
  const base = baseOf(unit);
  switch (unit) {
    case "bytes":
      return powers(base, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
    case "bytesPerSecond":
      return powers(base, ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"]);
    case "bits":
      return powers(base, ["b", "kb", "Mb", "Gb", "Tb"]);
    case "bitsPerSecond":
      return powers(base, ["b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"]);
    case "hertz":
      return powers(base, ["Hz", "kHz", "MHz", "GHz"]);
    case "perSecond":
      return powers(base, ["/s", "k/s", "M/s", "G/s", "T/s"]);
    case "percent":
      return [["%", 1]];
    case "ratio":
      return [["%", 0.01]];
    case "celsius":
      return [["°C", 1]];
    default:
      return powers(base, ["", "k", "M", "G", "T"]);
  }
}

/** axisFormatter keeps one scale and the same decimals for all ticks of an axis. */
export function axisFormatter(unit: Unit): (ticks: readonly number[]) => string[] {
  if (unit === "bool" || unit === "timestamp") return (ticks) => ticks.map((tick) => format(tick, unit));
  const scales = scalesOf(unit);
  return (ticks) => {
    const [name, size] = scaleFor(scales, Math.max(0, ...ticks.map(Math.abs)));
    const values = ticks.map((tick) => tick / size);
    const places = decimalsOf(values);
    return values.map((value) => (value === 0 && name !== "%" ? "0" : mark(value, places, name)));
  };
}

/** logFormatter writes each tick in a scale of its own: an axis of logarithms spans them all. */
export function logFormatter(unit: Unit): (ticks: readonly number[]) => string[] {
  const one = axisFormatter(unit);
  return (ticks) => ticks.flatMap((tick) => one([tick]));
}

function scaleFor(scales: readonly Scale[], largest: number): Scale {
  // Rounding must not push a thousand into the smaller name.
  return scales.findLast(([, size]) => largest >= size * 0.9999) ?? scales.find(([, size]) => size === 1) ?? scales[0] ?? ["", 1];
}

/** decimalsOf is how many places the values need to be right, and to differ from each other. */
function decimalsOf(values: readonly number[]): number {
  for (let places = 0; places < 6; places++) {
    const right = values.every((value) => Math.abs(value - Number(value.toFixed(places))) <= Math.abs(value) * 0.005);
    if (right && new Set(values.map((value) => value.toFixed(places))).size === new Set(values).size) return places;
  }
  return 6;
}

function mark(value: number, places: number, name: string): string {
  const text = Math.abs(value).toFixed(places);
  const sign = value < 0 ? minus : "";
  if (name === "") return sign + text;
  return `${sign}${text}${name.startsWith("/") ? "" : space}${name}`;
}
