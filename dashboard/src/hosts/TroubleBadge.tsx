// Says that a host is not well; pointing at it, or the focus, tells why, and it leads to the agent.

import { Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { ago, keepTime } from "./age";
import { troubleOf } from "./fleet";
import type { HostRow } from "./model";
import classes from "./HostsPage.module.css";

export function TroubleBadge({ row }: { row: HostRow }) {
  const trouble = troubleOf(row);
  if (!trouble) return null;
  if (trouble.word === "stale") {
    return (
      <span className={classes.badge} title={`Last seen ${ago(row.age)}`}>
        stale
      </span>
    );
  }
  const { word, why } = trouble;
  return (
    <Tooltip multiline w={340} withArrow events={{ hover: true, focus: true, touch: true }} label={why.map((line) => <div key={line} className={classes.why}>{line}</div>)}>
      <Link to="/hosts/$host" params={{ host: row.name }} search={keepTime} hash="agent" className={classes.badge ?? ""} data-word={word} aria-label={`${word}: ${why.join(" ")}`}>
        {word}
      </Link>
    </Tooltip>
  );
}
