// Why a host is not well, in the words of its agent.

import { ZoneTime } from "../ui/ZoneTime";
import { reasonLine } from "./fleet";
import type { HostRow } from "./model";
import classes from "./HostPage.module.css";

export function Reasons({ row }: { row: HostRow }) {
  if (!row.agent || !row.reasons?.length) return null;
  return (
    <ul className={classes.reasons} aria-label={`Why ${row.name} is ${row.state}`}>
      {row.reasons.map((reason) => (
        <li key={`${reason.kind} ${reasonLine(reason)}`}>
          <span>{reasonLine(reason)}</span>
          {reason.since && (
            <span className="muted">
              since <ZoneTime value={Date.parse(reason.since)} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
