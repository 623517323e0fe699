// Above the lines: how many there are, whether they are followed, and how they are shown.

import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./LogsPage.module.css";
import type { LogsSearch } from "./search";

interface Props {
  search: LogsSearch;
  facets: boolean;
  total: number | undefined;
  /** What the tail does: nothing, follows, or waits for a reader. */
  tail: "off" | "following" | "paused";
  onChange: (changes: Partial<LogsSearch>) => void;
  onPause: () => void;
  children: ReactNode;
}

export function Toolbar({ search, facets, total, tail, onChange, onPause, children }: Props) {
  const { order, wrap, histogram } = search;
  const toggle = (label: string, on: boolean, change: Partial<LogsSearch>, title: string) => (
    <Button size="compact-xs" variant={on ? "light" : "default"} aria-pressed={on} title={title} onClick={() => onChange(change)}>
      {label}
    </Button>
  );
  return (
    <div className={classes.toolbar}>
      <span className={classes.total} role="status" data-total={total}>
        {total === undefined ? "" : total === 1 ? "1 line" : `${total.toLocaleString("en")} lines`}
      </span>
      {tail !== "off" && (
        <button type="button" className={classes.tail} data-tail={tail} onClick={onPause} title={tail === "following" ? "New lines appear as they come. Click to hold them back (p)" : "New lines are held back. Click to follow (p)"}>
          <i />
          {tail === "following" ? "Following" : "Held"}
        </button>
      )}
      <span className={classes.tools}>
        {toggle("Fields", facets, { facets: !facets }, "Fields and their values (f)")}
        {toggle("Histogram", histogram, { histogram: !histogram }, "Lines over time (h)")}
        {toggle("Wrap", wrap, { wrap: !wrap }, "Break long lines (w)")}
        <Button size="compact-xs" variant="default" title="Which end of time comes first (s)" onClick={() => onChange({ order: order === "desc" ? "asc" : "desc" })}>
          {order === "desc" ? "Newest first" : "Oldest first"}
        </Button>
        {children}
      </span>
    </div>
  );
}
