// What a series is called: as a format such as "{{host_name}} {{cpu}}" says, or by what tells it
// from its neighbours.

import type { Labels } from "../api/types";

const placeholder = /\{\{\s*([\w.:]+)\s*\}\}/g;

/** formatName writes labels into the places of a format; a label that is missing leaves its place empty. */
export function formatName(format: string, labels: Labels): string {
  return format.replaceAll(placeholder, (_, name: string) => labels[name] ?? "").trim();
}

/** selectorOf writes labels as a PromQL selector: name{a="b"}. */
export function selectorOf(labels: Labels): string {
  const { __name__: name = "", ...others } = labels;
  const matchers = Object.keys(others)
    .toSorted()
    .map((label) => `${label}="${(others[label] ?? "").replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`);
  return matchers.length === 0 && name !== "" ? name : `${name}{${matchers.join(", ")}}`;
}

/**
 * seriesNames names each series by the labels whose values differ among them. One series alone is
 * named by its metric, or else by `fallback`, such as its query.
 */
export function seriesNames(all: readonly Labels[], format: string | undefined, fallback: string): string[] {
  if (format) return all.map((labels) => formatName(format, labels) || fallback);
  const [first, ...rest] = all;
  if (!first) return [];
  if (rest.length === 0) {
    const { __name__: name, ...others } = first;
    return [name ?? (Object.keys(others).length > 0 && Object.keys(others).length <= 3 ? values(first, Object.keys(others).toSorted()) : fallback)];
  }
  const differing = [...new Set(all.flatMap((labels) => Object.keys(labels)))].filter((label) => rest.some((labels) => labels[label] !== first[label])).toSorted();
  // The name first, then the labels: few of them speak for themselves, more need their names.
  const named = differing.filter((label) => label !== "__name__");
  return all.map((labels) => {
    const metric = differing.includes("__name__") ? (labels["__name__"] ?? "") : "";
    const text = named.length <= 2 ? values(labels, named) : pairs(labels, named);
    return [metric, text].filter((part) => part !== "").join(" ") || fallback;
  });
}

function values(labels: Labels, names: readonly string[]): string {
  return names.flatMap((name) => labels[name] ?? []).join(" · ");
}

function pairs(labels: Labels, names: readonly string[]): string {
  return names.flatMap((name) => (labels[name] === undefined ? [] : `${name}=${labels[name]}`)).join(" ");
}
