// What the Hosts pages keep in the address: `q` what is looked for, `show` which hosts, `sort`.

import { parseSort, writeSort, type Sort } from "../ui/sorting";
import type { PageSearch, SearchChanges } from "../useChangeSearch";
import type { Show } from "./model";

export interface HostsSearch {
  text: string;
  show: Show;
  sort: Sort;
}

const shows: readonly Show[] = ["all", "reporting", "stale", "attention"];

export const hostColumns = ["name", "cpu", "memory", "disk", "network", "load", "agent", "uptime", "os", "seen"] as const;

const defaultSort: Sort = { column: "name", descending: false };

function sortAmong(text: string | undefined, columns: readonly string[], fallback: Sort): Sort {
  const sort = parseSort(text);
  return sort && columns.includes(sort.column) ? sort : fallback;
}

export function parseHosts(search: PageSearch): HostsSearch {
  return {
    text: search["q"] ?? "",
    show: shows.find((show) => show === search["show"]) ?? "all",
    sort: sortAmong(search["sort"], hostColumns, defaultSort),
  };
}

/** writeHosts leaves out what is so anyway. */
export function writeHosts(changes: Partial<HostsSearch>): SearchChanges {
  const written: SearchChanges = {};
  if (changes.text !== undefined) written["q"] = changes.text === "" ? undefined : changes.text;
  if (changes.show !== undefined) written["show"] = changes.show === "all" ? undefined : changes.show;
  if (changes.sort !== undefined) written["sort"] = writeSort(changes.sort) === writeSort(defaultSort) ? undefined : writeSort(changes.sort);
  return written;
}

export const processColumns = ["name", "pid", "cpu", "memory", "threads", "files", "uptime"] as const;

const defaultProcessSort: Sort = { column: "cpu", descending: true };

/** The page of one host: the order of its processes. */
export function parseHost(search: PageSearch): { processes: Sort } {
  return { processes: sortAmong(search["processes"], processColumns, defaultProcessSort) };
}

export function writeHost({ processes }: { processes: Sort }): SearchChanges {
  return { processes: writeSort(processes) === writeSort(defaultProcessSort) ? undefined : writeSort(processes) };
}
