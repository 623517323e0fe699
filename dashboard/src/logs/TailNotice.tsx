// Tells a reader what waits, and whoever follows what was left out.

import { Button } from "@mantine/core";

import classes from "./LogsPage.module.css";
import type { Order } from "./search";
import type { Tail } from "./useTail";

interface Props {
  tail: Tail;
  live: boolean;
  following: boolean;
  /** The search was asked to be done again while somebody read. */
  stale: boolean;
  order: Order;
  onResume: () => void;
}

export function TailNotice({ tail, live, following, stale, order, onResume }: Props) {
  const lines = tail.waiting === 1 ? "1 new line" : `${tail.waiting.toLocaleString("en")} new lines`;
  const waits = !following && (tail.waiting > 0 || stale);
  return (
    <>
      {live && waits && (
        <Button className={classes.waits ?? ""} size="compact-sm" data-order={order} data-waiting={tail.waiting} onClick={onResume} title="Show them and follow (p)">
          {tail.waiting > 0 ? lines : "There may be newer lines"}, show
        </Button>
      )}
      {!live && stale && (
        <Button className={classes.waits ?? ""} size="compact-sm" data-order={order} onClick={onResume}>
          Search again
        </Button>
      )}
      {live && (tail.missed > 0 || tail.error) && (
        <p className={classes.missed} role="status">
          {tail.error ? `New lines can't be followed: the filter ${tail.error}.` : `${tail.missed.toLocaleString("en")} lines came too fast to be shown here; they are stored. `}
          {!tail.error && (
            <>
              <Button size="compact-xs" variant="default" onClick={onResume}>
                Search again
              </Button>
              <Button size="compact-xs" variant="subtle" onClick={tail.forgetMissed}>
                Dismiss
              </Button>
            </>
          )}
        </p>
      )}
    </>
  );
}
