// What went wrong, how to fix it when the server knows, and another try.

import { Button } from "@mantine/core";

import { ApiError } from "../api/client";
import classes from "./States.module.css";

interface Props {
  error: Error;
  onRetry?: (() => void) | undefined;
  /** What could not be done, such as "The log lines can't be loaded". */
  title?: string;
}

export function Failure({ error, onRetry, title }: Props) {
  const fix = error instanceof ApiError ? error.fix : undefined;
  return (
    <div className={classes.failure} role="alert">
      <p>
        {title && <strong>{title}: </strong>}
        {sentence(error.message)}
        {fix && ` To fix it: ${sentence(fix)}`}
      </p>
      {onRetry && (
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** sentence ends a text with a full stop, unless it ends like one. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text.trimEnd()) ? text : `${text}.`;
}
