// The list of dashboards: to find one, begin one, or bring one from elsewhere.

import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";

import { dashboardsQuery, type DashboardSummary } from "../api/dashboards";
import { PageTitle } from "../shell/title";
import { useCommands } from "../ui/commands";
import { DataTable, type Column } from "../ui/DataTable";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { useShortcut } from "../ui/shortcuts";
import { ZoneTime } from "../ui/ZoneTime";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import classes from "./DashboardsPage.module.css";
import { ImportIcon, PlusIcon } from "./icons";
import { Deleted } from "./Deleted";
import { NewDashboard } from "./NewDashboard";
import { RowMenu } from "./RowMenu";
import { parseListSearch } from "./search";

const ImportDialog = lazy(() => import("./ImportDialog"));

/** matches says whether a dashboard has every word in its name, description or tags. */
export function matches(one: DashboardSummary, text: string): boolean {
  const all = [one.name, one.description ?? "", ...(one.tags ?? [])].join("\n").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

type Open = "new" | "import" | undefined;

export function DashboardsPage() {
  const search: PageSearch = useSearch({ strict: false });
  const { text, tag, deleted } = parseListSearch(search);
  const change = useChangeSearch();
  const list = useQuery(dashboardsQuery);
  const [open, setOpen] = useState<Open>();
  const shown = useMemo(() => (list.data ?? []).filter((one) => matches(one, text) && (tag === undefined || one.tags?.includes(tag))), [list.data, text, tag]);
  const tags = useMemo(() => [...new Set((list.data ?? []).flatMap((one) => one.tags ?? []))].toSorted(), [list.data]);
  const setTag = (next: string | undefined) => change({ tag: next });

  useShortcut("n", "New dashboard", () => setOpen("new"), { group: "Dashboards" });
  useCommands(
    useMemo(
      () => [
        { id: "dashboards.new", label: "New dashboard", run: () => setOpen("new") },
        { id: "dashboards.import", label: "Import a dashboard", keywords: "grafana perses json", run: () => setOpen("import") },
      ],
      [],
    ),
  );

  const begin = (
    <>
      <Button size="xs" h={30} leftSection={<PlusIcon />} onClick={() => setOpen("new")}>
        New dashboard
      </Button>
      <Button size="xs" h={30} variant="default" leftSection={<ImportIcon />} onClick={() => setOpen("import")}>
        Import
      </Button>
    </>
  );

  return (
    <div className={classes.page}>
      <PageTitle>Dashboards</PageTitle>
      <div className={classes.bar}>
        <TextInput
          className={classes.search ?? ""}
          size="xs"
          type="search"
          aria-label="Search dashboards"
          placeholder="Search by name, description or tag"
          value={text}
          onChange={(event) => change({ q: event.currentTarget.value || undefined }, { replace: true })}
        />
        {tags.length > 0 && <TagFilter tags={tags} chosen={tag} onChoose={setTag} />}
        <div className={classes.actions}>{begin}</div>
      </div>
      {deleted !== undefined && <Deleted key={deleted} id={deleted} />}
      <section className={classes.panel} aria-label="Dashboards">
        {list.error && <Failure error={list.error} title="The dashboards can't be listed" onRetry={() => void list.refetch()} />}
        {list.isPending && <Loading rows={5} label="Loading the dashboards" />}
        {list.data && (
          <DataTable
            label="Dashboards"
            columns={columnsOf(setTag)}
            rows={shown}
            rowKey={(one) => one.id}
            initialSort={{ column: "name", descending: false }}
            empty={list.data.length === 0 ? <NoneYet begin={begin} /> : <NothingFound onClear={() => change({ q: undefined, tag: undefined })} />}
          />
        )}
      </section>
      {open === "new" && <NewDashboard onClose={() => setOpen(undefined)} onImport={() => setOpen("import")} />}
      {open === "import" && (
        <Suspense fallback={null}>
          <ImportDialog onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

function NoneYet({ begin }: { begin: React.ReactNode }) {
  return (
    <EmptyState title="There is no dashboard yet" action={begin}>
      Make one, or bring one from Perses or Grafana.
    </EmptyState>
  );
}

function NothingFound({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      title="No dashboard matches"
      action={
        <Button size="xs" variant="default" onClick={onClear}>
          Show all
        </Button>
      }
    >
      Every word must be in the name, the description or a tag.
    </EmptyState>
  );
}

function TagFilter({ tags, chosen, onChoose }: { tags: string[]; chosen: string | undefined; onChoose: (tag: string | undefined) => void }) {
  return (
    <div className={classes.tags} role="group" aria-label="Only with the tag">
      {tags.map((tag) => (
        <button key={tag} type="button" className={classes.tag} aria-pressed={tag === chosen} onClick={() => onChoose(tag === chosen ? undefined : tag)}>
          {tag}
        </button>
      ))}
    </div>
  );
}

function columnsOf(onTag: (tag: string) => void): Column<DashboardSummary>[] {
  return [
    {
      id: "name",
      title: "Name",
      wide: true,
      wrap: true,
      sortBy: (one) => one.name,
      cell: (one) => (
        <div className={classes.name}>
          <Link to="/dashboards/$id" params={{ id: one.id }} search={{}} className={classes.link}>
            {one.name}
          </Link>
          {one.builtin && (
            <span className={classes.ready} title="Came with Pharos. Duplicate it to change it.">
              Ready-made
            </span>
          )}
          {one.description && <span className={classes.description}>{one.description}</span>}
        </div>
      ),
    },
    {
      id: "tags",
      title: "Tags",
      optional: true,
      cell: (one) => (
        <span className={classes.tags}>
          {(one.tags ?? []).map((tag) => (
            <button key={tag} type="button" className={classes.tag} onClick={() => onTag(tag)} aria-label={`Only with the tag ${tag}`}>
              {tag}
            </button>
          ))}
        </span>
      ),
    },
    { id: "panels", title: "Panels", number: true, optional: true, sortBy: (one) => one.panels ?? 0, cell: (one) => one.panels ?? 0 },
    {
      id: "updated",
      title: "Updated",
      optional: true,
      sortBy: (one) => (one.builtin ? "" : (one.updated_at ?? "")),
      cell: (one) => (one.builtin ? <span className="muted">with the program</span> : <ZoneTime value={one.updated_at} />),
    },
    { id: "by", title: "By", optional: true, sortBy: (one) => one.updated_by ?? "", cell: (one) => (one.builtin ? "" : (one.updated_by ?? "")) },
    { id: "menu", title: "", cell: (one) => <RowMenu dashboard={one} /> },
  ];
}
