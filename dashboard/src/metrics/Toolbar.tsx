// How the results are shown, and where to go with them.

import { Button, Menu, NativeSelect } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { unitNames, type Unit } from "../format/units";
import { copyText } from "../ui/CopyButton";
import { CheckIcon, ChevronIcon, CopyIcon } from "../ui/icons";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { stringifySearch, parseSearch } from "../search";
import type { MetricsChartKind, MetricsView } from "./search";
import classes from "./Toolbar.module.css";
import type { MetricsPageState } from "./useMetricsPage";

const viewNames: Record<MetricsView, string> = { chart: "Chart", table: "Table", values: "Values" };

const kindNames: readonly { value: MetricsChartKind; label: string }[] = [
  { value: "line", label: "Lines" },
  { value: "area", label: "Areas" },
  { value: "stacked", label: "Stacked" },
  { value: "bar", label: "Bars" },
];

interface Props {
  page: MetricsPageState;
  /** The unit that the queries have by themselves; undefined when they have different ones. */
  ownUnit: Unit | undefined;
  /** Links and buttons that lead elsewhere. */
  children?: ReactNode;
}

export function Toolbar({ page, ownUnit, children }: Props) {
  const own = unitNames.find(([unit]) => unit === ownUnit)?.[1] ?? "different ones";
  return (
    <div className={classes.bar} role="group" aria-label="How results are shown">
      <div className={classes.choice} role="group" aria-label="View">
        {(["chart", "table", "values"] as const).map((view) => (
          <button key={view} type="button" aria-pressed={page.view === view} onClick={() => page.set({ view })}>
            {viewNames[view]}
          </button>
        ))}
      </div>
      {page.view === "chart" && (
        <>
          <NativeSelect size="xs" aria-label="Kind of chart" data={[...kindNames]} value={page.kind} onChange={(event) => page.set({ kind: event.currentTarget.value as MetricsChartKind })} />
          <button type="button" className={classes.toggle} aria-pressed={page.log} title="A logarithmic scale" onClick={() => page.set({ log: !page.log })}>
            Log scale
          </button>
        </>
      )}
      <NativeSelect
        size="xs"
        aria-label="Unit"
        className={classes.unit ?? ""}
        data={[{ value: "", label: `Unit: ${own}` }, ...unitNames.map(([value, label]) => ({ value, label }))]}
        value={page.unit ?? ""}
        onChange={(event) => page.set({ unit: event.currentTarget.value || undefined })}
      />
      <span className={classes.space} />
      {children}
      <Share />
    </div>
  );
}

/** Share copies the address: as it is, or with the times that are shown now. */
function Share() {
  const { range } = usePageTime();
  const [said, setSaid] = useState<string>();
  const copy = (fixed: boolean) => {
    const url = new URL(location.href);
    const span = fixed ? resolve(range, Date.now()) : undefined;
    if (span) url.search = stringifySearch({ ...parseSearch(url.search), from: iso(span.from), to: iso(span.to) });
    void copyText(url.href).then((done) => {
      setSaid(done ? "Copied" : "The browser does not allow copying");
      setTimeout(() => setSaid(undefined), 2000);
    });
  };
  return (
    <>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button size="xs" h={30} px={10} variant="default" leftSection={said ? <CheckIcon /> : <CopyIcon />} rightSection={<ChevronIcon />}>
            {said ?? "Share"}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => copy(false)}>Copy link to this page</Menu.Item>
          <Menu.Item onClick={() => copy(true)}>Copy link with this time fixed</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </>
  );
}

function iso(millis: number): string {
  return new Date(Math.round(millis / 1000) * 1000).toISOString().replace(".000Z", "Z");
}
