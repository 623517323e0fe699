// How rows of a table are put in order, and how that is written in the address.

export interface Sort {
  column: string;
  descending: boolean;
}

export type SortValue = string | number | null | undefined;

/** parseSort reads "cpu" or "-cpu". */
export function parseSort(text: string | undefined): Sort | undefined {
  const match = /^(-?)([^-].*)$/.exec(text ?? "");
  return match ? { column: match[2]!, descending: match[1] === "-" } : undefined;
}

export function writeSort(sort: Sort): string {
  return `${sort.descending ? "-" : ""}${sort.column}`;
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compare(a: string | number, b: string | number): number {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
}

const missing = (value: SortValue) => value === null || value === undefined || value === "" || Number.isNaN(value);

/** sortRows puts rows in order by a value; what has none comes last, whichever the direction. */
export function sortRows<Row>(rows: readonly Row[], value: (row: Row) => SortValue, descending: boolean): Row[] {
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y));
    return sign * compare(x!, y!);
  });
}
