// The conditions of the filter, each to turn round or to take away.

import { Button } from "@mantine/core";

import { negatePill, pillsOf, removePill, type Pill } from "./edit";
import classes from "./Pills.module.css";

interface Props {
  query: string;
  onQuery: (query: string) => void;
}

export function Pills({ query, onQuery }: Props) {
  const pills = pillsOf(query);
  if (pills.length === 0) return null;
  return (
    <ul className={classes.pills} aria-label="Active filters">
      {pills.map((pill) => (
        <li key={`${pill.start}-${pill.text}`} className={classes.pill} data-excluded={isNegated(pill)}>
          <button type="button" className={classes.text} title={isNegated(pill) ? "Excluded. Click to require it" : "Required. Click to exclude it"} onClick={() => onQuery(negatePill(query, pill))}>
            {pill.text}
          </button>
          <button type="button" className={classes.remove} aria-label={`Remove ${pill.text}`} title="Remove" onClick={() => onQuery(removePill(query, pill))}>
            ×
          </button>
        </li>
      ))}
      {pills.length > 1 && (
        <li>
          <Button size="compact-xs" variant="subtle" onClick={() => onQuery("")}>
            Clear all
          </Button>
        </li>
      )}
    </ul>
  );
}

function isNegated({ condition, text }: Pill): boolean {
  return condition ? condition.negated : /^[-!]|^not\b/i.test(text);
}
