// What the Services pages keep in the address: `q` what is looked for, `show` which services,
// `sort`; on one service's page `env`, the environment, and `instances`, the order of its table.

import { parseSort, writeSort, type Sort } from "../ui/sorting";
import type { PageSearch, SearchChanges } from "../useChangeSearch";
import type { Show } from "./model";

export interface ServicesSearch {
  text: string;
  show: Show;
  sort: Sort;
}

const shows: readonly Show[] = ["all", "metrics", "logs", "silent", "attention"];
export const serviceColumns = ["name", "rate", "errors", "p95", "logs", "logErrors", "series", "metrics", "instances", "seen"] as const;
const defaultSort: Sort = { column: "name", descending: false };

function sortAmong(text: string | undefined, columns: readonly string[], fallback: Sort): Sort {
  const sort = parseSort(text);
  return sort && columns.includes(sort.column) ? sort : fallback;
}

export function parseServices(search: PageSearch): ServicesSearch {
  return {
    text: search["q"] ?? "",
    show: shows.find((show) => show === search["show"]) ?? "all",
    sort: sortAmong(search["sort"], serviceColumns, defaultSort),
  };
}

/** writeServices leaves out what is so anyway. */
export function writeServices(changes: Partial<ServicesSearch>): SearchChanges {
  const written: SearchChanges = {};
  if (changes.text !== undefined) written["q"] = changes.text === "" ? undefined : changes.text;
  if (changes.show !== undefined) written["show"] = changes.show === "all" ? undefined : changes.show;
  if (changes.sort !== undefined) written["sort"] = writeSort(changes.sort) === writeSort(defaultSort) ? undefined : writeSort(changes.sort);
  return written;
}

export const instanceColumns = ["instance", "host", "version", "environment", "rate", "errors", "p95", "series", "seen"] as const;
const defaultInstances: Sort = { column: "instance", descending: false };

export interface ServiceSearch {
  environment: string | undefined;
  instances: Sort;
}

export function parseService(search: PageSearch): ServiceSearch {
  return { environment: search["env"], instances: sortAmong(search["instances"], instanceColumns, defaultInstances) };
}

export function writeService(changes: Partial<ServiceSearch>): SearchChanges {
  const written: SearchChanges = {};
  if ("environment" in changes) written["env"] = changes.environment === "" ? undefined : changes.environment;
  if (changes.instances) written["instances"] = writeSort(changes.instances) === writeSort(defaultInstances) ? undefined : writeSort(changes.instances);
  return written;
}
