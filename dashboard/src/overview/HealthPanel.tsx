// The server's own state, part by part.

import { useQuery } from "@tanstack/react-query";

import { healthQuery } from "../api/health";
import type { HealthStatus } from "../api/types";
import { settingsLink } from "../links";
import { PageLink } from "../ui/PageLink";
import { Panel } from "../ui/Panel";
import classes from "./panels.module.css";

const texts: Record<HealthStatus, string> = { ok: "Healthy", degraded: "Degraded", down: "Down" };
const summary = (status: HealthStatus) => (status === "ok" ? "All parts are healthy" : texts[status]);
const order: HealthStatus[] = ["down", "degraded", "ok"];

export function HealthPanel() {
  const { data, error } = useQuery(healthQuery);
  // What is healthy and no store has its place on the Settings page.
  const shown = (data?.components ?? []).filter(({ kind, status }) => !kind || kind === "store" || status !== "ok");
  const components = shown.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status) || a.name.localeCompare(b.name));
  return (
    <Panel title="Health" detail={data && !error ? <PageLink href={settingsLink("health")}>{summary(data.status)}</PageLink> : undefined} error={error ?? undefined}>
      <ul className={classes.health}>
        {components.map(({ name, status, message }) => (
          <li key={name} className={classes.component}>
            <span className={classes.mark} data-status={status} aria-hidden="true" />
            <span>{name.replaceAll("_", " ")}</span>
            <span className={status === "ok" ? "visually-hidden" : classes.status} data-status={status}>
              {texts[status]}
            </span>
            {message && status !== "ok" && <span className={classes.message}>{message}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
