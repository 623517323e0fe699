// Units as Perses' documents name them, and ours.

import type { Unit } from "../format/units";
import { isUnit } from "../format/units";

export interface Format {
  unit?: string;
  decimalPlaces?: number;
  shortValues?: boolean;
}

const named: Readonly<Record<string, Unit>> = {
  decimal: "count",
  percent: "percent",
  "%": "percent",
  "percent-decimal": "ratio",
  bytes: "bytes",
  decbytes: "bytes",
  "bytes/sec": "bytesPerSecond",
  "decbytes/sec": "bytesPerSecond",
  bits: "bits",
  "bits/sec": "bitsPerSecond",
  "decbits/sec": "bitsPerSecond",
  "counts/sec": "perSecond",
  "events/sec": "perSecond",
  "messages/sec": "perSecond",
  "ops/sec": "perSecond",
  "packets/sec": "perSecond",
  "reads/sec": "perSecond",
  "records/sec": "perSecond",
  "requests/sec": "perSecond",
  "rows/sec": "perSecond",
  "writes/sec": "perSecond",
  seconds: "seconds",
  milliseconds: "milliseconds",
  microseconds: "microseconds",
  nanoseconds: "nanoseconds",
  celsius: "celsius",
};

const written: Partial<Record<Unit, Format>> = {
  count: { unit: "decimal", shortValues: true },
  plain: { unit: "decimal", shortValues: false },
  percent: { unit: "percent" },
  ratio: { unit: "percent-decimal" },
  bytes: { unit: "bytes" },
  bytesPerSecond: { unit: "bytes/sec" },
  bits: { unit: "bits" },
  bitsPerSecond: { unit: "bits/sec" },
  perSecond: { unit: "counts/sec" },
};

/** unitOfFormat reads a document's format; a unit that is not known is a number. */
export function unitOfFormat(format: Format | undefined): Unit {
  const name = format?.unit;
  if (name === undefined) return "count";
  if (name === "decimal" && format?.shortValues === false) return "plain";
  return named[name] ?? (isUnit(name) ? name : "count");
}

/** formatOfUnit writes a unit so that Perses reads it too, where it knows it. */
export function formatOfUnit(unit: Unit): Format {
  return written[unit] ?? { unit };
}
