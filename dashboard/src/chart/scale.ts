// The value axis: where it begins and ends, and its marks, which are numbers that people like.

export interface Axis {
  min: number;
  max: number;
  ticks: number[];
}

interface Wanted {
  /** 1024 for bytes. */
  base: 1000 | 1024;
  /** About how many parts the axis has. */
  parts: number;
  /** The ends, where they are known; otherwise they follow the data. */
  min?: number | undefined;
  max?: number | undefined;
  /** The axis holds zero. Without a word it does, unless the data are far from it. */
  zero?: boolean | undefined;
  /** Values that time is counted by, such as 60 s, have other steps. */
  seconds?: number | undefined;
}

/** How much of their size values must differ by for an axis from zero to show it. */
const leastSpread = 0.1;

/** Values that differ by less than this part of their size are the same: the rest is rounding. */
const leastDifference = 1e-9;

/** valueAxis is the axis of values between two, with some room. */
export function valueAxis(dataMin: number | null, dataMax: number | null, wanted: Wanted): Axis {
  if (dataMin === null && wanted.max === undefined) return { min: wanted.min ?? 0, max: (wanted.min ?? 0) + 1, ticks: [] };
  let low = dataMin ?? 0;
  let high = dataMax ?? 0;
  if (high - low < Math.max(Math.abs(low), Math.abs(high)) * leastDifference) high = low;
  if (wanted.zero ?? !isFar(low, high)) {
    low = Math.min(0, low);
    high = Math.max(0, high);
  }
  if (wanted.min !== undefined) low = wanted.min;
  if (wanted.max !== undefined) high = wanted.max;
  if (high <= low) high = low + (low === 0 || wanted.min !== undefined ? 1 : Math.abs(low) * 0.1);

  // Two ends that somebody chose are kept, and parted evenly.
  if (wanted.min !== undefined && wanted.max !== undefined) return evenly(low, high, wanted.parts);
  if (wanted.max !== undefined && low === 0) return evenly(0, high, wanted.parts);

  const room = (high - low) * 0.06;
  const bottom = wanted.min ?? (low === 0 ? 0 : low - room);
  const top = wanted.max ?? (high === 0 ? 0 : high + room);
  const step = niceStep((top - bottom) / wanted.parts, wanted);
  // Numbers too small to be parted are nothing.
  if (!(step > 0)) return { min: 0, max: 1, ticks: [] };
  const first = Math.floor(bottom / step + 1e-9);
  const last = Math.ceil(top / step - 1e-9);
  const min = wanted.min ?? first * step;
  const max = wanted.max ?? last * step;
  const ticks: number[] = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; i++) ticks.push(tidy(i * step));
  return { min: tidy(min), max: tidy(max), ticks };
}

function isFar(low: number, high: number): boolean {
  const size = Math.max(Math.abs(low), Math.abs(high));
  return low * high > 0 && high > low && high - low < size * leastSpread;
}

function evenly(min: number, max: number, parts: number): Axis {
  const count = parts >= 4 ? 4 : 2;
  return { min, max, ticks: Array.from({ length: count + 1 }, (_, i) => tidy(min + ((max - min) * i) / count)) };
}

/** tidy takes away what floating point adds: 0.30000000000000004. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

const decimal = [1, 2, 2.5, 5, 10];
const binary = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const clock = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** A step may be this much smaller than asked for: rather one more mark than an axis half empty. */
const leeway = 0.8;

/** niceStep is the smallest step that people like and that is not much smaller than another. */
export function niceStep(rough: number, { base, seconds }: Pick<Wanted, "base" | "seconds">): number {
  if (seconds !== undefined && rough * seconds > 30) {
    const step = clock.find((s) => s >= rough * seconds * leeway);
    return (step ?? niceStep((rough * seconds) / 86_400, { base: 1000 }) * 86_400) / seconds;
  }
  if (base === 1024 && rough >= 1) {
    const unit = 1024 ** Math.floor(Math.log(rough) / Math.log(1024) + 1e-9);
    return binary.find((s) => s * unit >= rough * leeway)! * unit;
  }
  const magnitude = 10 ** Math.floor(Math.log10(rough) + 1e-9);
  return decimal.find((s) => s * magnitude >= rough * leeway)! * magnitude;
}

/** logAxis is an axis of logarithms, from the power below the data to the one above. */
export function logAxis(dataMin: number | null, dataMax: number | null, { base, parts, min, max, seconds }: Wanted): Axis {
  const low = min !== undefined && min > 0 ? min : dataMin !== null && dataMin > 0 ? dataMin : 1;
  const high = Math.max(max !== undefined && max > 0 ? max : (dataMax ?? 0), low);
  const all = powers(low, high, base, seconds);
  const every = Math.max(1, Math.ceil((all.length - 1) / Math.max(parts, 1)));
  return {
    min: min !== undefined && min > 0 ? min : all[0]!,
    max: max !== undefined && max > low ? max : all.at(-1)!,
    ticks: all.filter((_, i) => i % every === 0),
  };
}

/** powers are those of ten, or of two for bytes, around two values; of minutes, hours and days above a minute. */
function powers(low: number, high: number, base: number, seconds: number | undefined): number[] {
  const found: number[] = [];
  const ten = base === 1024 ? 2 : 10;
  const longer = seconds === undefined ? [] : [60, 600, 3600, 36_000].map((size) => size / seconds);
  const day = seconds === undefined ? Infinity : 86_400 / seconds;
  const minute = longer[0] ?? Infinity;
  const at = (e: number): number => {
    const value = ten ** e;
    if (value < minute) return tidy(value);
    // 10 s is followed by 1 min, 10 min, 1 h, 10 h, 1 d, 10 d ...
    const beyond = e - Math.ceil(Math.log10(minute) - 1e-9);
    return longer[beyond] ?? tidy(day * 10 ** (beyond - longer.length));
  };
  let e = Math.floor(Math.log(low) / Math.log(ten) + 1e-9);
  while (at(e) > low * (1 + 1e-9)) e -= 1;
  while (at(e + 1) <= low) e += 1;
  found.push(at(e));
  do found.push(at(++e));
  while (at(e) < high * (1 - 1e-9));
  return found;
}

/** partsFor is how many parts an axis has that is so many pixels high. */
export function partsFor(height: number): number {
  if (height < 180) return 2;
  return Math.min(8, Math.max(3, Math.round((height - 30) / 52)));
}
