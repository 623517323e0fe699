// What a panel shows while it has nothing to draw: that it is loading, why it can't, or that
// there is nothing in this time.

import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import { ApiError } from "../../api/client";
import { sentence } from "../../ui/Failure";
import classes from "./panels.module.css";

interface Props {
  loading: boolean;
  error: Error | undefined;
  empty: boolean;
  /** How many queries the panel has: none is another emptiness. */
  queries: number;
  onRetry?: (() => void) | undefined;
  children: ReactNode;
}

export function PanelState({ loading, error, empty, queries, onRetry, children }: Props) {
  if (error) {
    return (
      <>
        <div className={classes.error} role="alert">
          <p>
            {sentence(error.message)}
            {error instanceof ApiError && error.fix ? ` To fix it: ${sentence(error.fix)}` : ""}
          </p>
          {onRetry && (
            <Button size="compact-xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
        </div>
        {!empty && children}
      </>
    );
  }
  if (queries === 0) return <p className={classes.nothing}>This panel has no query yet. Edit it to add one.</p>;
  if (empty) return loading ? <div className={classes.waiting} role="status" aria-label="Loading" /> : <p className={classes.nothing}>No data in this time range</p>;
  return children;
}
