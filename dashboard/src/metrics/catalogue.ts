// The metrics that there are, as people think of them: a histogram is one metric, not three
// names, and each has a kind, a unit and a sentence that explains it.

import type { MetricKind } from "./builder/model";

export interface MetricMetadata {
  type: string;
  unit: string;
  help: string;
}

export interface Metric {
  /** Its name; of a histogram or a summary, without _bucket, _sum and _count. */
  name: string;
  kind: MetricKind;
  /** False where nobody said the kind, and the name had to tell. */
  typed: boolean;
  /** As the metadata says it; often empty. */
  unit: string;
  help: string;
  /** A histogram whose buckets are inside its samples. */
  native: boolean;
}

export type MetadataByName = Readonly<Record<string, readonly MetricMetadata[]>>;

const kinds: Readonly<Record<string, MetricKind>> = { counter: "counter", gauge: "gauge", histogram: "histogram", gaugehistogram: "histogram", summary: "summary" };

/** describe prefers, of several descriptions, one that says something. */
function describe(metadata: MetadataByName, name: string): MetricMetadata | undefined {
  const all = metadata[name] ?? [];
  const [first] = all;
  if (!first) return undefined;
  return { type: first.type, unit: all.find((one) => one.unit !== "")?.unit ?? "", help: all.find((one) => one.help !== "")?.help ?? "" };
}

const part = /_(bucket|sum|count)$/;

/** catalogueOf joins names and metadata, in the order of names. */
export function catalogueOf(names: readonly string[], metadata: MetadataByName): Metric[] {
  const there = new Set(names);
  const found = new Map<string, Metric>();
  for (const name of names) {
    const metric = partOf(name, there, metadata) ?? single(name, metadata);
    if (!found.has(metric.name)) found.set(metric.name, metric);
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** partOf is the histogram or summary that a name is a part of. */
function partOf(name: string, there: ReadonlySet<string>, metadata: MetadataByName): Metric | undefined {
  const base = name.replace(part, "");
  const said = describe(metadata, base);
  const kind = kinds[said?.type ?? ""];
  const whole = there.has(`${base}_sum`) && there.has(`${base}_count`);
  if (kind === "histogram" && (name !== base || there.has(`${base}_bucket`))) {
    return { name: base, kind, typed: true, unit: said?.unit ?? "", help: said?.help ?? "", native: !there.has(`${base}_bucket`) };
  }
  if (kind === "summary" && (name !== base || whole)) return { name: base, kind, typed: true, unit: said?.unit ?? "", help: said?.help ?? "", native: false };
  if (name === base || !whole || metadata[name]) return undefined;
  if (there.has(`${base}_bucket`)) return { name: base, kind: "histogram", typed: false, unit: said?.unit ?? "", help: said?.help ?? "", native: false };
  return undefined;
}

function single(name: string, metadata: MetadataByName): Metric {
  const said = describe(metadata, name) ?? describe(metadata, name.replace(/_total$/, ""));
  const kind = kinds[said?.type ?? ""];
  const guessed: MetricKind = /_(total|count|sum|bucket)$/.test(name) ? "counter" : "gauge";
  return { name, kind: kind ?? guessed, typed: kind !== undefined, unit: said?.unit ?? "", help: said?.help ?? "", native: kind === "histogram" };
}

/** findMetrics filters by words, each of which must be in the name or the help; names go first. */
export function findMetrics(all: readonly Metric[], text: string): Metric[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...all];
  const weighed = all.flatMap((metric) => {
    const name = metric.name.toLowerCase();
    const help = metric.help.toLowerCase();
    if (!words.every((word) => name.includes(word) || help.includes(word))) return [];
    const weight = words.reduce((sum, word) => sum + (name.startsWith(word) ? 0 : name.includes(word) ? 1 : 3), 0);
    return [{ metric, weight }];
  });
  return weighed.toSorted((a, b) => a.weight - b.weight).map(({ metric }) => metric);
}

/** nearestNames are names that somebody may have meant, the likeliest first. */
export function nearestNames(wanted: string, names: readonly string[], count = 4): string[] {
  const close = names
    .map((name) => ({ name, distance: distanceOf(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ distance }) => distance <= 0.5)
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return close.slice(0, count).map(({ name }) => name);
}

/** distanceOf is 0 for the same text and 1 for nothing in common. */
function distanceOf(a: string, b: string): number {
  if (a === b) return 0;
  const longest = Math.max(a.length, b.length);
  if ((b.includes(a) || a.includes(b)) && Math.min(a.length, b.length) >= 3) return 0.05 + 0.4 * (1 - Math.min(a.length, b.length) / longest);
  if (Math.abs(a.length - b.length) > longest / 2) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]! / longest;
}
