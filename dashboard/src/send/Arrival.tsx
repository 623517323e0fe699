// Waits for the first sample and the first log line of a service, and shows them as they come.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { queryInstant } from "../api/prometheus";
import type { InstantSeries } from "../api/types";
import { format } from "../format/units";
import { useLogs } from "../live/useLogs";
import { logsLink, metricsLink, serviceLink } from "../links";
import { Failure } from "../ui/Failure";
import { CheckIcon } from "../ui/icons";
import { PageLink } from "../ui/PageLink";
import { Panel } from "../ui/Panel";
import { ZoneTime } from "../ui/ZoneTime";
import classes from "./SendPage.module.css";

const most = 4;

/**
 * seriesOf selects what a service sends, of one metric or of all; what came by remote write is
 * known by its job.
 */
export function seriesOf(service: string, metric?: string): string {
  const [name, matcher] = [JSON.stringify(service), metric === undefined ? '__name__!="target_info"' : `__name__=${JSON.stringify(metric)}`];
  return `({service=${name},${matcher}} or {job=${name},${matcher}})`;
}

/** Asked again every second, as long as somebody watches. */
function useFirstSamples(service: string) {
  return useQuery({
    queryKey: ["arrival", service],
    queryFn: async ({ signal }) => {
      const now = Date.now() / 1000;
      const values = await queryInstant(`topk(${most}, topk by (__name__) (1, ${seriesOf(service)}))`, now, signal);
      const metric = values[0]?.metric["__name__"];
      if (metric === undefined) return { values, newest: undefined };
      // Of one metric, because timestamp() drops the name, and series must stay apart.
      const times = await queryInstant(`max(timestamp(${seriesOf(service, metric)}))`, now, signal);
      return { values, newest: times[0] ? Number(times[0].value[1]) * 1000 : undefined };
    },
    refetchInterval: 1000,
    retry: false,
  });
}

export function Arrival({ service }: { service: string }) {
  const samples = useFirstSamples(service);
  const query = `service:${JSON.stringify(service)}`;
  const lines = useLogs(query, most, false);
  const values = samples.data?.values ?? [];
  const both = values.length > 0 && lines.logs.length > 0;
  return (
    <Panel title="3. See it arrive" detail={both ? "Both have arrived" : undefined}>
      <Signal name="Samples" service={service} arrived={values.length > 0} newest={samples.data?.newest} error={samples.error ?? undefined}>
        {values.map((series, i) => (
          <li key={i} className={classes.arrived}>
            <PageLink href={metricsLink([series.metric["__name__"] ?? ""])}>{series.metric["__name__"]}</PageLink>
            <span className={classes.labels}>{labelsOf(series)}</span>
            <strong title={series.value[1]}>{format(Number(series.value[1]), "count")}</strong>
          </li>
        ))}
      </Signal>
      <Signal name="Log lines" service={service} arrived={lines.logs.length > 0} newest={lines.logs[0] && Date.parse(lines.logs[0].time)} error={lines.error}>
        {lines.logs.map((record) => (
          <li key={record.id} className={classes.arrived}>
            <ZoneTime value={record.time} style="clock" className="muted" />
            <span className={classes.message}>{record.message}</span>
          </li>
        ))}
      </Signal>
      <p className={classes.next}>
        {values.length > 0 || lines.logs.length > 0 ? (
          <>
            <PageLink href={serviceLink(service)}>All of {service}</PageLink>
            <PageLink href={logsLink(query)}>Its log lines</PageLink>
          </>
        ) : (
          <span className="muted">Nothing arrives? The answer to your request says why: it names the field and the fix.</span>
        )}
      </p>
    </Panel>
  );
}

function labelsOf({ metric }: InstantSeries): string {
  return Object.entries(metric)
    .filter(([name]) => !["__name__", "service", "job", "instance"].includes(name))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

interface SignalProps {
  name: string;
  service: string;
  arrived: boolean;
  newest: number | undefined;
  error: Error | undefined;
  children: ReactNode;
}

function Signal({ name, service, arrived, newest, error, children }: SignalProps) {
  return (
    <section className={classes.signal} data-arrived={arrived} aria-label={name}>
      <h3>
        <span className={classes.mark}>{arrived ? <CheckIcon /> : <span className={classes.waiting} />}</span>
        {name}
        {arrived && (
          <span className={classes.newest}>
            newest <ZoneTime value={newest} style="clock" />
          </span>
        )}
      </h3>
      <p className={arrived ? "visually-hidden" : classes.wait} role="status">
        {arrived ? `${name} of ${service} have arrived` : `Waiting for the first of ${service}`}
      </p>
      {error && <Failure error={error} />}
      <ul>{children}</ul>
    </section>
  );
}
