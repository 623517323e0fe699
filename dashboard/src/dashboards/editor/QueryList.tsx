// The queries of a panel.

import { ActionIcon, Button, NativeSelect, TextInput } from "@mantine/core";

import type { Panel, PanelQuery } from "../../api/dashboards";
import { loadPromql } from "../../editor/languages";
import { QueryEditor } from "../../editor/QueryEditor";
import { loadLogFilter } from "./log-language";
import { isLogsQuery, kindOf, textOf } from "../document";
import { BinIcon, PlusIcon } from "../icons";
import { addQuery, removeQuery, setQuery, setQueryKind } from "./edit-panel";
import classes from "./PanelEditor.module.css";

interface Props {
  panel: Panel;
  onChange: (panel: Panel) => void;
}

export function QueryList({ panel, onChange }: Props) {
  const queries = panel.spec.queries ?? [];
  const asks = kindOf(panel)?.asks;
  const several = asks !== "logs";
  return (
    <div className={classes.queries}>
      {queries.map((query, i) => (
        <QueryRow key={i} panel={panel} query={query} index={i} last={queries.length === 1} choice={asks === "either"} onChange={onChange} />
      ))}
      {(several || queries.length === 0) && (
        <Button size="compact-xs" variant="default" leftSection={<PlusIcon />} onClick={() => onChange(addQuery(panel))}>
          Add query
        </Button>
      )}
    </div>
  );
}

interface RowProps {
  panel: Panel;
  query: PanelQuery;
  index: number;
  last: boolean;
  /** Metrics or logs can be asked. */
  choice: boolean;
  onChange: (panel: Panel) => void;
}

function QueryRow({ panel, query, index, last, choice, onChange }: RowProps) {
  const logs = isLogsQuery(query);
  const { seriesNameFormat = "", minStep = "" } = query.spec.plugin.spec;
  const name = last ? "Query" : `Query ${index + 1}`;
  return (
    <div className={classes.query}>
      <div className={classes.queryHead}>
        <span className={classes.label}>{logs ? `${name} (log filter)` : `${name} (PromQL)`}</span>
        {choice && (
          <NativeSelect
            size="xs"
            aria-label={`${name} asks`}
            value={logs ? "logs" : "metrics"}
            data={[
              { value: "metrics", label: "Metrics" },
              { value: "logs", label: "Logs over time" },
            ]}
            onChange={(event) => onChange(setQueryKind(panel, index, event.currentTarget.value === "logs"))}
          />
        )}
        {!last && (
          <ActionIcon size={24} variant="subtle" color="gray" aria-label={`Remove ${name.toLowerCase()}`} onClick={() => onChange(removeQuery(panel, index))}>
            <BinIcon />
          </ActionIcon>
        )}
      </div>
      <QueryEditor
        key={logs ? "logs" : "metrics"}
        value={textOf(query)}
        onChange={(text) => onChange(setQuery(panel, index, { query: text }))}
        language={logs ? loadLogFilter : loadPromql}
        label={name}
        placeholder={logs ? "level:error service:checkout" : "sum by (service) (rate(requests_total[$__rate_interval]))"}
        history={logs ? "logs" : "promql"}
        mode="text"
      />
      {!logs && (
        <div className={classes.fields}>
          <TextInput
            size="xs"
            label="Name of series"
            placeholder="{{service}} {{route}}"
            value={seriesNameFormat}
            onChange={(event) => onChange(setQuery(panel, index, { seriesNameFormat: event.currentTarget.value || undefined }))}
          />
          <TextInput
            size="xs"
            label="Least step"
            title="How often the data comes, such as 1m. Rates look over at least four times that."
            placeholder="15s"
            value={minStep}
            onChange={(event) => onChange(setQuery(panel, index, { minStep: event.currentTarget.value || undefined }))}
          />
        </div>
      )}
    </div>
  );
}
