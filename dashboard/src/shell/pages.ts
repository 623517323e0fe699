// The pages there are, in the order of the navigation, and the keys that lead to them.

import { DashboardsIcon, HostsIcon, LogsIcon, MetricsIcon, OverviewIcon, SendIcon, ServicesIcon, SettingsIcon } from "../ui/icons";
import type { PageSearch } from "../useChangeSearch";

export const pages = [
  { to: "/", label: "Overview", icon: OverviewIcon, keys: "g o", keywords: "home start" },
  { to: "/metrics", label: "Metrics", icon: MetricsIcon, keys: "g m", keywords: "promql query explore charts" },
  { to: "/logs", label: "Logs", icon: LogsIcon, keys: "g l", keywords: "search tail lines" },
  { to: "/hosts", label: "Hosts", icon: HostsIcon, keys: "g h", keywords: "machines servers infrastructure" },
  { to: "/services", label: "Services", icon: ServicesIcon, keys: "g s", keywords: "applications programs" },
  { to: "/dashboards", label: "Dashboards", icon: DashboardsIcon, keys: "g d", keywords: "boards panels" },
  { to: "/send", label: "Send data", icon: SendIcon, keys: "g n", keywords: "ingest otlp snippets agent collector" },
  { to: "/settings", label: "Settings", icon: SettingsIcon, keys: "g ,", keywords: "api keys health retention usage password preferences" },
] as const;

/** keepTime is what stays of the address when one goes to another page: the time it is about. */
export function keepTime({ from, to, live, refresh, tz }: PageSearch): PageSearch {
  return Object.fromEntries(Object.entries({ from, to, live, refresh, tz }).filter(([, value]) => value !== undefined)) as PageSearch;
}
