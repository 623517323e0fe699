// Says that the lines are those around one line, and leads back to the search.

import { Button } from "@mantine/core";

import { formatTime } from "../time/zone";
import classes from "./LogsPage.module.css";
import type { AroundRef } from "./search";

interface Props {
  around: AroundRef;
  zone: string;
  onBack: () => void;
}

export function AroundBar({ around, zone, onBack }: Props) {
  const from = [around.service, around.instance].filter((part) => part !== "").join(" on ");
  return (
    <div className={classes.around} role="status">
      <span>
        Every line of <strong>{from || "the same source"}</strong> around {formatTime(Date.parse(around.time), zone, "fullMillis")}, without the filter
      </span>
      <Button size="compact-xs" variant="default" onClick={onBack}>
        Back to the search
      </Button>
    </div>
  );
}
