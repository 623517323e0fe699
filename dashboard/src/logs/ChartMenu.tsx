// A metric from this search. PromQL knows samples, not lines: so the counts of the lines become a
// panel that asks the log store, and what the service counts itself opens in Metrics.

import { Button, Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { labelValues } from "../api/prometheus";
import type { PanelDraft } from "../dashboards/AddToDashboard";
import { metricsLink } from "../links";
import { ChevronIcon } from "../ui/icons";
import type { Span } from "./api";
import { onlyValue } from "./edit";

interface Props {
  query: string;
  by: string;
  span: Span;
}

const Dialog = lazy(() => import("../dashboards/AddToDashboardDialog"));
const mostCounters = 8;

export function ChartMenu({ query, by, span }: Props) {
  const router = useRouter();
  const [opened, setOpened] = useState(false);
  const [panel, setPanel] = useState<PanelDraft>();
  const service = onlyValue(query, "service");
  const selector = `service=${JSON.stringify(service ?? "")}`;
  const counters = useQuery({
    queryKey: ["logs", "counters", service, span.from, span.to],
    queryFn: ({ signal }) => labelValues("__name__", `{${selector}, __name__=~".+_total"}`, Date.parse(span.from) / 1000, Date.parse(span.to) / 1000, signal),
    enabled: opened && service !== undefined,
    gcTime: 30_000,
    retry: 1,
  });
  const name = query === "" ? "Log lines" : `Log lines: ${query}`.slice(0, 80);
  const queries = [{ query, language: "logs" as const }];
  return (
    <>
      <Menu position="bottom-end" width={320} shadow="md" opened={opened} onChange={setOpened}>
        <Menu.Target>
          <Button size="compact-xs" variant="default" rightSection={<ChevronIcon />}>
            Chart
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Metric from this search</Menu.Label>
          <Menu.Item onClick={() => setPanel({ name, kind: "BarChart", queries, by })}>Add its counts by {by} to a dashboard</Menu.Item>
          <Menu.Item onClick={() => setPanel({ name, kind: "LogsTable", queries })}>Add its lines to a dashboard</Menu.Item>
          <Menu.Divider />
          {service === undefined ? (
            <Menu.Label>Choose one service to see what it counts itself</Menu.Label>
          ) : (
            <Counters service={service} names={counters.data} error={counters.error} onOpen={(counter) => router.history.push(metricsLink([`sum(rate(${counter}{${selector}}[$__rate_interval]))`], span))} />
          )}
        </Menu.Dropdown>
      </Menu>
      {panel && (
        <Suspense fallback={null}>
          <Dialog panel={panel} onClose={() => setPanel(undefined)} />
        </Suspense>
      )}
    </>
  );
}

function Counters({ service, names, error, onOpen }: { service: string; names: string[] | undefined; error: Error | null; onOpen: (name: string) => void }) {
  if (error) return <Menu.Label>The counters of {service} can't be loaded: {error.message}</Menu.Label>;
  if (!names) return <Menu.Label>Loading the counters of {service}</Menu.Label>;
  if (names.length === 0) return <Menu.Label>{service} sends no counters in this time range</Menu.Label>;
  return (
    <>
      <Menu.Label>What {service} counts itself, in Metrics</Menu.Label>
      {names.slice(0, mostCounters).map((name) => (
        <Menu.Item key={name} onClick={() => onOpen(name)}>
          {name}
        </Menu.Item>
      ))}
    </>
  );
}
