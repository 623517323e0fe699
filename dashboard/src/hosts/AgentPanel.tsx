// The agent of a host: what it takes, what waits for the server, and which of its parts fail.

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { useInstallCommand } from "../api/agent";
import { format, formatDuration } from "../format/units";
import { CodeBlock } from "../ui/CodeBlock";
import { DataTable, type Column } from "../ui/DataTable";
import { EmptyState } from "../ui/EmptyState";
import { Panel } from "../ui/Panel";
import { ZoneTime } from "../ui/ZoneTime";
import { ago, keepTime } from "./age";
import { partRows, type Agent, type FleetHost, type PartRow } from "./fleet";
import { Fact } from "./HostHeader";
import classes from "./HostPage.module.css";

interface Props {
  host: FleetHost | null | undefined;
  loading: boolean;
  error: Error | undefined;
}

export function AgentPanel({ host, loading, error }: Props) {
  const agent = host?.agent;
  return (
    <Panel title="Agent" detail={agent ? `pharos-agent ${agent.version}` : undefined} error={error}>
      {loading && !host && <p className="muted">Loading</p>}
      {!loading && !agent && !error && <InstallAgent />}
      {agent && (
        <div className={classes.agent}>
          <Facts agent={agent} />
          <Queues agent={agent} />
          <Parts rows={partRows(agent, host.reasons ?? [])} />
          {(agent.plugins?.length ?? 0) > 0 && <Plugins agent={agent} />}
        </div>
      )}
    </Panel>
  );
}

/** InstallAgent says how a host comes to have one. */
export function InstallAgent() {
  return (
    <EmptyState
      title="No agent reports from this host"
      action={
        <Button size="compact-xs" variant="default" component={Link} to="/send" search={keepTime as never}>
          Make a key
        </Button>
      }
    >
      <p>Something else measures it. With an agent it is known how it does, and nothing is lost while the server is away:</p>
      <CodeBlock code={useInstallCommand()} label="Command that installs the agent" />
    </EmptyState>
  );
}

function Facts({ agent }: { agent: Agent }) {
  const report = Date.parse(agent.last_report);
  const up = agent.started ? (report - Date.parse(agent.started)) / 1000 : undefined;
  return (
    <dl className={classes.facts}>
      <Fact name="Version" value={agent.version} />
      <Fact name="Last report" value={<ZoneTime value={report} />} />
      {up !== undefined && <Fact name="Up" value={formatDuration(up)} />}
      {agent.cpu_cores !== undefined && <Fact name="CPU" value={format(100 * agent.cpu_cores, "percent")} hint="Of one core, on average of ten minutes" />}
      {agent.memory_bytes !== undefined && <Fact name="Memory" value={format(agent.memory_bytes, "bytes")} />}
      {agent.config && <Fact name="Configuration" value={<span className={classes.id}>{agent.config}</span>} hint="Agents with the same one are configured in the same way" />}
    </dl>
  );
}

type Queue = NonNullable<Agent["queues"]>[number];

const queueColumns = (report: number): Column<Queue>[] => [
  { id: "signal", title: "Waits for the server", cell: (q) => q.signal },
  { id: "items", title: "Items", number: true, cell: (q) => format(q.items, "count") },
  { id: "bytes", title: "On disk", number: true, cell: (q) => format(q.bytes, "bytes") },
  { id: "age", title: "Oldest", number: true, cell: (q) => (q.items > 0 ? formatDuration(q.age_seconds) : "–") },
  { id: "delivered", title: "Delivered", number: true, cell: (q) => format(q.delivered, "count"), hint: "Since the agent started" },
  { id: "dropped", title: "Dropped", number: true, cell: (q) => <span data-bad={q.dropped > 0} className={classes.partState}>{format(q.dropped, "count")}</span>, hint: "Since the agent started; these never reached the server" },
  { id: "success", title: "Last taken", number: true, cell: (q) => (q.last_success ? ago(Math.max(0, (report - Date.parse(q.last_success)) / 1000)) : "–"), hint: "When the server took something last, before the last report" },
];

function Queues({ agent }: { agent: Agent }) {
  return <DataTable label="What waits for the server" columns={queueColumns(Date.parse(agent.last_report))} rows={agent.queues ?? []} rowKey={(q) => q.signal} empty={<p className="muted">It sends by no queue.</p>} />;
}

const partColumns: Column<PartRow>[] = [
  { id: "part", title: "Part", cell: (p) => p.id },
  { id: "kind", title: "Kind", optional: true, cell: (p) => <span className="muted">{p.kind}</span> },
  { id: "state", title: "State", cell: (p) => <span data-bad={!p.up} className={classes.partState}>{p.up ? "works" : "fails"}</span> },
  { id: "why", title: "Why", wrap: true, cell: (p) => p.reason?.text ?? "" },
  { id: "since", title: "Since", optional: true, cell: (p) => (p.reason?.since ? <ZoneTime value={Date.parse(p.reason.since)} /> : "") },
];

function Parts({ rows }: { rows: readonly PartRow[] }) {
  return <DataTable label="Parts of the agent" columns={partColumns} rows={rows} rowKey={(p) => `${p.kind} ${p.id}`} empty={<p className="muted">It told of no parts lately.</p>} />;
}

type Plugin = NonNullable<Agent["plugins"]>[number];

const pluginColumns: Column<Plugin>[] = [
  { id: "id", title: "Plugin", cell: (p) => p.id },
  { id: "state", title: "State", cell: (p) => p.state ?? "–" },
  { id: "restarts", title: "Restarts", number: true, cell: (p) => format(p.restarts, "count"), hint: "Since the agent started" },
  { id: "dropped", title: "Dropped", number: true, cell: (p) => format(p.dropped, "count"), hint: "Data points and log records" },
  { id: "memory", title: "Memory", number: true, cell: (p) => format(p.memory_bytes, "bytes") },
];

function Plugins({ agent }: { agent: Agent }) {
  return <DataTable label="Plugins of the agent" columns={pluginColumns} rows={agent.plugins ?? []} rowKey={(p) => p.id} />;
}
