// Every service that sent metrics or logs in the time range: how it does, and what it sends.

import { Button, TextInput } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useRef } from "react";

import { format } from "../format/units";
import { keepTime } from "../hosts/age";
import hosts from "../hosts/HostsPage.module.css";
import { useColours } from "../overview/useColours";
import { PageTitle } from "../shell/title";
import { usePageTime } from "../time/context";
import { DataTable } from "../ui/DataTable";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { PartialNotice } from "../ui/PartialNotice";
import { useShortcut } from "../ui/shortcuts";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { serviceColumns } from "./columns";
import { countShown, filterServices, type ServiceRow, type Show } from "./model";
import { parseServices, writeServices } from "./search";
import { useServiceList } from "./useServiceList";

export function ServicesPage() {
  const list = useServiceList();
  const search: PageSearch = useSearch({ strict: false });
  const { text, show, sort } = parseServices(search);
  const change = useChangeSearch();
  const colour = useColours();
  const filter = useRef<HTMLInputElement>(null);
  useShortcut("/", "Filter services", () => filter.current?.focus(), { group: "Services" });
  const { range } = usePageTime();
  const wanted = useDeferredValue(text);
  const rows = useMemo(() => filterServices(list.rows, wanted, show), [list.rows, wanted, show]);

  return (
    <div className={hosts.page}>
      <PageTitle>Services</PageTitle>
      {list.error && <Failure error={list.error} onRetry={list.refetch} title="The services can't be loaded" />}
      {list.loading && !list.error && <Loading rows={8} label="Loading services" />}
      {!list.loading && list.rows.length === 0 && !list.error && <NoServices />}
      {list.rows.length > 0 && (
        <>
          {list.partial && <PartialNotice>Some columns are incomplete: {list.partial.message}</PartialNotice>}
          <div className={hosts.bar}>
            <TextInput
              ref={filter}
              size="xs"
              className={hosts.filter ?? ""}
              aria-label="Filter services"
              placeholder="Filter by name"
              value={text}
              onChange={(event) => change(writeServices({ text: event.currentTarget.value }), { replace: true })}
            />
            <ShowButtons rows={list.rows} show={show} onShow={(next) => change(writeServices({ show: next }))} />
            <TotalsLine rows={rows} />
          </div>
          <div className={hosts.table}>
            <DataTable
              label="Services"
              columns={serviceColumns({ colour, range, lines: list.lines })}
              rows={rows}
              rowKey={(row) => row.name}
              sort={sort}
              onSort={(next) => change(writeServices({ sort: next }))}
              maxHeight="calc(100vh - 152px)"
              empty={
                <EmptyState
                  title="No service matches"
                  action={
                    <Button size="compact-xs" variant="default" onClick={() => change(writeServices({ text: "", show: "all" }))}>
                      Show all {list.rows.length}
                    </Button>
                  }
                >
                  Another word, or a longer time range, may find it.
                </EmptyState>
              }
            />
          </div>
        </>
      )}
    </div>
  );
}

const showNames: readonly (readonly [Show, string, string])[] = [
  ["all", "All", "Every service that sent something in the time range"],
  ["metrics", "With metrics", "Services that have series"],
  ["logs", "With logs", "Services that wrote log lines in the time range"],
  ["silent", "Silent", "Services that sent nothing for five minutes"],
  ["attention", "Need a look", "Silent, 1 % of the requests failed, or 5 % of the log lines are errors, and more"],
];

function ShowButtons({ rows, show, onShow }: { rows: readonly ServiceRow[]; show: Show; onShow: (show: Show) => void }) {
  const counts = countShown(rows);
  return (
    <div className={hosts.shows} role="group" aria-label="Which services">
      {showNames.map(([id, name, hint]) => (
        <button key={id} type="button" className={hosts.show} title={hint} aria-pressed={show === id} onClick={() => onShow(id)}>
          {name}{" "}
          <span className={hosts.count} data-kind={counts[id] === 0 ? "none" : id === "silent" ? "stale" : id}>
            {counts[id]}
          </span>
        </button>
      ))}
    </div>
  );
}

function TotalsLine({ rows }: { rows: readonly ServiceRow[] }) {
  const sum = (value: (row: ServiceRow) => number | undefined) => rows.reduce((all, row) => all + (value(row) ?? 0), 0);
  const facts: [string, string][] = [
    ["Requests", format(sum((row) => row.rate), "perSecond")],
    ["Series", format(sum((row) => row.series), "count")],
    ["Log lines", format(sum((row) => row.logs), "count")],
    ["Errors logged", format(sum((row) => row.logErrors), "count")],
  ];
  return (
    <dl className={hosts.totals} aria-label="All services shown">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function NoServices() {
  return (
    <EmptyState
      centred
      title="No service sent anything in this time range"
      action={
        <Button size="xs" component={Link} to="/send" search={keepTime as never}>
          Send data
        </Button>
      }
    >
      A service is listed as soon as metrics or log lines come in with its <code>service.name</code>. A longer time range shows services that sent something earlier.
    </EmptyState>
  );
}
