// Every host that reported in the time range: how it does now, and which of them need a look.

import { Button, TextInput } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useRef } from "react";

import { useInstallCommand } from "../api/agent";
import { format } from "../format/units";
import { useColours } from "../overview/useColours";
import { PageTitle } from "../shell/title";
import { CodeBlock } from "../ui/CodeBlock";
import { DataTable } from "../ui/DataTable";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { useShortcut } from "../ui/shortcuts";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { keepTime } from "./age";
import { hostColumns } from "./columns";
import { countShown, filterHosts, totalsOf, type HostRow, type Show } from "./model";
import { hostLabel, sparks } from "./queries";
import { parseHosts, writeHosts } from "./search";
import { SparkProvider } from "./sparks";
import { useHostList } from "./useHostList";
import classes from "./HostsPage.module.css";

export function HostsPage() {
  const list = useHostList();
  const search: PageSearch = useSearch({ strict: false });
  const { text, show, sort } = parseHosts(search);
  const change = useChangeSearch();
  const colour = useColours();
  const filter = useRef<HTMLInputElement>(null);
  useShortcut("/", "Filter hosts", () => filter.current?.focus(), { group: "Hosts" });
  const columns = useMemo(() => hostColumns(colour), [colour]);
  const wanted = useDeferredValue(text);
  const rows = useMemo(() => filterHosts(list.rows, wanted, show), [list.rows, wanted, show]);

  return (
    <div className={classes.page}>
      <PageTitle>Hosts</PageTitle>
      {list.error && <Failure error={list.error} onRetry={list.refetch} title={list.rows.length > 0 ? "Some values can't be loaded" : "The hosts can't be loaded"} />}
      {list.loading && !list.error && <Loading rows={8} label="Loading hosts" />}
      {!list.loading && list.rows.length === 0 && !list.error && <NoHosts />}
      {list.rows.length > 0 && (
        <>
          <div className={classes.bar}>
            <TextInput
              ref={filter}
              size="xs"
              className={classes.filter ?? ""}
              aria-label="Filter hosts"
              placeholder="Filter by name, system, region"
              value={text}
              onChange={(event) => change(writeHosts({ text: event.currentTarget.value }), { replace: true })}
            />
            <ShowButtons rows={list.rows} show={show} onShow={(next) => change(writeHosts({ show: next }))} />
            <TotalsLine rows={rows} />
          </div>
          <div className={classes.table}>
            <SparkProvider kind="hosts" label={hostLabel} query={sparks}>
              <DataTable
                label="Hosts"
                columns={columns}
                rows={rows}
                rowKey={(row) => row.name}
                sort={sort}
                onSort={(next) => change(writeHosts({ sort: next }))}
                maxHeight="calc(100vh - 152px)"
                empty={
                  <EmptyState
                    title="No host matches"
                    action={
                      <Button size="compact-xs" variant="default" onClick={() => change(writeHosts({ text: "", show: "all" }))}>
                        Show all {list.rows.length}
                      </Button>
                    }
                  >
                    Other words, or a longer time range, may find it.
                  </EmptyState>
                }
              />
            </SparkProvider>
          </div>
        </>
      )}
    </div>
  );
}

const showNames: readonly (readonly [Show, string, string])[] = [
  ["all", "All", "Every host that reported in the time range"],
  ["reporting", "Reporting", "Hosts whose newest sample is recent"],
  ["stale", "Stale", "Hosts that stopped reporting"],
  ["attention", "Need a look", "Stale, agent unhealthy or silent, CPU 85 %, memory 90 %, disk 85 %, or load 1.5 to a core and more"],
];

function ShowButtons({ rows, show, onShow }: { rows: readonly HostRow[]; show: Show; onShow: (show: Show) => void }) {
  const counts = countShown(rows);
  return (
    <div className={classes.shows} role="group" aria-label="Which hosts">
      {showNames.map(([id, name, hint]) => (
        <button key={id} type="button" className={classes.show} title={hint} aria-pressed={show === id} onClick={() => onShow(id)}>
          {name} <span className={classes.count} data-kind={counts[id] > 0 ? id : "none"}>{counts[id]}</span>
        </button>
      ))}
    </div>
  );
}

function TotalsLine({ rows }: { rows: readonly HostRow[] }) {
  const totals = totalsOf(rows);
  const facts: [string, string][] = [
    ["Cores", format(totals.cores, "count")],
    ["CPU", format(totals.cpu, "percent")],
    ["Memory", `${format(totals.memoryUsed, "bytes")} of ${format(totals.memoryTotal, "bytes")}`],
    ["In", format(totals.netIn, "bytesPerSecond")],
    ["Out", format(totals.netOut, "bytesPerSecond")],
  ];
  return (
    <dl className={classes.totals} aria-label="All hosts shown">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function NoHosts() {
  return (
    <EmptyState
      centred
      title="No host reported in this time range"
      action={
        <Button size="xs" component={Link} to="/send" search={keepTime as never}>
          Send data
        </Button>
      }
    >
      <p>
        <code>pharos up</code> measures the machine it runs on. On others, install the agent with an API key of this server:
      </p>
      <CodeBlock code={useInstallCommand()} label="Command that installs the agent" />
      <p>An OpenTelemetry Collector with host metrics works too. A longer time range shows hosts that reported earlier.</p>
    </EmptyState>
  );
}
