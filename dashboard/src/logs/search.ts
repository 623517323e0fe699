// What the address of the Logs page says beside the time range.

import type { SearchChanges, PageSearch } from "../useChangeSearch";
import { addCondition } from "./edit";

export type Order = "desc" | "asc";

/** A line in an address: its time, to the nanosecond, and its id. */
export interface LineRef {
  time: string;
  id: string;
}

/** The line that is shown among its neighbours, and where they come from. */
export interface AroundRef extends LineRef {
  service: string;
  instance: string;
}

export interface LogsSearch {
  /** The filter, in the language of storage/logfilter. */
  query: string;
  /** Fields shown between the service and the message. */
  columns: readonly string[];
  /** Newest first (desc) or oldest first. */
  order: Order;
  wrap: boolean;
  /** The field whose values are the colours of the histogram. */
  by: string;
  /** The line that is open. */
  line: LineRef | undefined;
  around: AroundRef | undefined;
  /** Whether the fields are beside the lines; undefined leaves it to the room there is. */
  facets: boolean | undefined;
  histogram: boolean;
}

const defaultBy = "level";
const mostColumns = 20;

export function parseLogsSearch(search: PageSearch): LogsSearch {
  return {
    query: withLevels(search["query"] ?? "", search["level"]),
    columns: parseColumns(search["columns"]),
    order: search["order"] === "asc" ? "asc" : "desc",
    wrap: search["wrap"] === "on",
    by: search["by"] ?? defaultBy,
    line: parseLine(search["line"]),
    around: parseAround(search["around"]),
    facets: search["facets"] === undefined ? undefined : search["facets"] !== "off",
    histogram: search["histogram"] !== "off",
  };
}

/** logsChanges says what to change in the address; what is as by default is left out of it. */
export function logsChanges(changes: Partial<LogsSearch>): SearchChanges {
  const written: SearchChanges = {};
  if (changes.query !== undefined) {
    written["query"] = changes.query.trim() === "" ? undefined : changes.query;
    written["level"] = undefined;
  }
  if (changes.columns) written["columns"] = changes.columns.length === 0 ? undefined : changes.columns.map(escapeComma).join(",");
  if (changes.order) written["order"] = changes.order === "desc" ? undefined : changes.order;
  if (changes.wrap !== undefined) written["wrap"] = changes.wrap ? "on" : undefined;
  if (changes.by !== undefined) written["by"] = changes.by === defaultBy ? undefined : changes.by;
  if ("line" in changes) written["line"] = changes.line && writeLine(changes.line);
  if ("around" in changes) written["around"] = changes.around && writeAround(changes.around);
  if (changes.facets !== undefined) written["facets"] = changes.facets ? "on" : "off";
  if (changes.histogram !== undefined) written["histogram"] = changes.histogram ? undefined : "off";
  return written;
}

/** withLevels joins the levels of a link, such as level=warn,error, to the filter. */
function withLevels(query: string, levels: string | undefined): string {
  const values = (levels ?? "").split(",").map((level) => level.trim()).filter((level) => level !== "");
  return values.length === 0 ? query : addCondition(query, "level", values);
}

function parseColumns(text: string | undefined): string[] {
  const names = (text ?? "").split(",").map((name) => unescapeComma(name.trim()));
  return [...new Set(names)].filter((name) => name !== "").slice(0, mostColumns);
}

const escapeComma = (text: string) => text.replaceAll("%", "%25").replaceAll(",", "%2C");
const unescapeComma = (text: string) => text.replaceAll("%2C", ",").replaceAll("%25", "%");

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

export function writeLine(line: LineRef): string {
  return `${line.time}~${line.id}`;
}

function parseLine(text: string | undefined): LineRef | undefined {
  const [time = "", ...rest] = (text ?? "").split("~");
  const id = rest.join("~");
  return moment.test(time) && id !== "" ? { time, id } : undefined;
}

const escapeTilde = (text: string) => text.replaceAll("%", "%25").replaceAll("~", "%7E");
const unescapeTilde = (text: string) => text.replaceAll("%7E", "~").replaceAll("%25", "%");

function writeAround({ time, id, service, instance }: AroundRef): string {
  return [time, id, service, instance].map(escapeTilde).join("~");
}

function parseAround(text: string | undefined): AroundRef | undefined {
  const [time = "", id = "", service = "", instance = ""] = (text ?? "").split("~").map(unescapeTilde);
  return moment.test(time) && id !== "" ? { time, id, service, instance } : undefined;
}
