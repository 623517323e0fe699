// What the organisation sends and keeps, for how long, and who sends most of it.

import { useQuery } from "@tanstack/react-query";

import { retentionQuery, usageQuery, type Limit, type SignalUsage } from "../api/admin";
import { queryInstant } from "../api/prometheus";
import { format, formatDuration } from "../format/units";
import { serviceLink } from "../links";
import { listServices, type Service } from "../services/api";
import { DataTable, type Column } from "../ui/DataTable";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { Meter } from "../ui/Meter";
import { PageLink } from "../ui/PageLink";
import { Panel } from "../ui/Panel";
import { ZoneTime } from "../ui/ZoneTime";
import { AdminOnly } from "./AdminOnly";
import classes from "./settings.module.css";

export function UsageTab() {
  return (
    <AdminOnly what="Usage and retention are">
      <div className={classes.usage}>
        <Kept />
        <TopServices />
      </div>
    </AdminOnly>
  );
}

/** useRates is how many samples and log lines come in a second, by signal. */
function useRates(): Map<string, number> {
  const { data } = useQuery({
    queryKey: ["usage rates"],
    queryFn: ({ signal }) => queryInstant("sum by (signal) (rate(pharos_ingest_accepted_items_total[2m]))", undefined, signal),
    refetchInterval: 5_000,
  });
  return new Map(data?.map(({ metric, value }) => [metric["signal"] ?? "", Number(value[1])]));
}

function Kept() {
  const usage = useQuery(usageQuery);
  const retention = useQuery(retentionQuery);
  const rates = useRates();
  if (usage.isPending) return <Panel title="Kept on disk"><Loading /></Panel>;
  return (
    <>
      {usage.error && <Failure title="What is kept can't be told" error={usage.error} onRetry={() => void usage.refetch()} />}
      {retention.error && <Failure title="How long data is kept can't be told" error={retention.error} onRetry={() => void retention.refetch()} />}
      {usage.data && (
        <div className={classes.signals}>
          <Signal
            title="Metrics"
            usage={usage.data.metrics}
            limit={retention.data?.metrics}
            facts={[
              ["Active series", format(usage.data.metrics.active_series, "count")],
              ["Coming in", `${format(rates.get("metrics"), "perSecond")} samples`],
              ["Samples kept", format(usage.data.metrics.samples, "count")],
              ["Bytes a sample", perItem(usage.data.metrics.bytes, usage.data.metrics.samples)],
            ]}
          />
          <Signal
            title="Logs"
            usage={usage.data.logs}
            limit={retention.data?.logs}
            facts={[
              ["Coming in", `${format(rates.get("logs"), "perSecond")} lines`],
              ["Lines kept", format(usage.data.logs.records, "count")],
              ["Bytes a line", perItem(usage.data.logs.bytes, usage.data.logs.records)],
            ]}
          />
        </div>
      )}
    </>
  );
}

/** perItem writes how much room one takes on disk, compressed. */
export function perItem(bytes: number, count: number): string {
  return count > 0 ? (bytes / count).toFixed(bytes / count < 10 ? 2 : 0) : "–";
}

/** describeLimit writes how long data is kept. */
export function describeLimit(limit: Pick<Limit, "max_bytes" | "max_age_seconds"> | undefined): string {
  if (!limit) return "–";
  const age = limit.max_age_seconds > 0 ? formatDuration(limit.max_age_seconds) : "";
  const size = limit.max_bytes > 0 ? format(limit.max_bytes, "bytes") : "";
  if (age && size) return `${age}, at most ${size}`;
  return age || (size ? `at most ${size}` : "for ever");
}

interface SignalProps {
  title: string;
  usage: SignalUsage;
  limit: Limit | undefined;
  facts: [name: string, value: string][];
}

function Signal({ title, usage, limit, facts }: SignalProps) {
  return (
    <Panel title={title} value={format(usage.bytes, "bytes")} detail="on disk">
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>Oldest</dt>
          <dd>
            <ZoneTime value={usage.oldest} />
          </dd>
        </div>
        <div>
          <dt>Newest</dt>
          <dd>
            <ZoneTime value={usage.newest} />
          </dd>
        </div>
        <div>
          <dt>Kept for</dt>
          <dd>{describeLimit(limit)}</dd>
        </div>
      </dl>
      {limit && limit.max_bytes > 0 ? (
        <ul className={classes.meter}>
          <Meter label="Room used" used={usage.bytes} size={limit.max_bytes} />
        </ul>
      ) : null}
    </Panel>
  );
}

const hour = 3_600_000;

const columns: Column<Service>[] = [
  { id: "name", title: "Service", cell: ({ name }) => <PageLink href={serviceLink(name)}>{name}</PageLink>, sortBy: ({ name }) => name },
  { id: "series", title: "Series", cell: ({ series }) => format(series, "count"), sortBy: ({ series }) => series, number: true },
  { id: "metrics", title: "Metrics", cell: ({ metrics }) => format(metrics, "count"), sortBy: ({ metrics }) => metrics, number: true, optional: true },
  { id: "logs", title: "Log lines", cell: ({ logs }) => format(logs, "count"), sortBy: ({ logs }) => logs, number: true },
  { id: "instances", title: "Instances", cell: ({ instances }) => format(instances, "count"), sortBy: ({ instances }) => instances, number: true, optional: true },
];

function TopServices() {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["usage services"],
    queryFn: ({ signal }) => listServices(Date.now() - hour, Date.now(), signal),
    refetchInterval: 30_000,
  });
  return (
    <Panel title="By service" detail="in the last hour">
      {error && <Failure title="The services can't be listed" error={error} onRetry={() => void refetch()} />}
      {isPending && <Loading />}
      {data && (
        <DataTable
          label="Usage by service in the last hour"
          columns={columns}
          rows={data}
          rowKey={({ name }) => name}
          initialSort={{ column: "series", descending: true }}
          maxHeight="50vh"
          empty={
            <EmptyState title="No service has sent anything in the last hour" action={<PageLink href="/send">Send data</PageLink>} />
          }
        />
      )}
    </Panel>
  );
}
