// The pages there are.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { healthQuery } from "../api/health";
import { DashboardsIcon, HostsIcon, Logo, LogsIcon, MetricsIcon, OverviewIcon, SendIcon, ServicesIcon, SettingsIcon } from "../ui/icons";
import type { PageSearch } from "../useChangeSearch";
import classes from "./Shell.module.css";

const pages = [
  { to: "/", label: "Overview", icon: OverviewIcon, exact: true },
  { to: "/metrics", label: "Metrics", icon: MetricsIcon, exact: false },
  { to: "/logs", label: "Logs", icon: LogsIcon, exact: false },
  { to: "/hosts", label: "Hosts", icon: HostsIcon, exact: false },
  { to: "/services", label: "Services", icon: ServicesIcon, exact: false },
  { to: "/dashboards", label: "Dashboards", icon: DashboardsIcon, exact: false },
  { to: "/send", label: "Send data", icon: SendIcon, exact: false },
  { to: "/settings", label: "Settings", icon: SettingsIcon, exact: false },
] as const;

/** What stays of the address when one goes to another page: the time it is about. */
function keepTime({ from, to, live, refresh, tz }: PageSearch): PageSearch {
  return Object.fromEntries(Object.entries({ from, to, live, refresh, tz }).filter(([, value]) => value !== undefined)) as PageSearch;
}

interface Props {
  /** On a narrow screen the navigation comes and goes. */
  open: boolean;
  onClose: () => void;
}

export function Navigation({ open, onClose }: Props) {
  const version = useQuery(healthQuery).data?.version;
  return (
    <>
      <nav id="navigation" className={classes.navigation} data-open={open} aria-label="Pages">
        <div className={classes.rail}>
          <Link to="/" className={classes.brand} onClick={onClose} aria-label="Pharos, go to the Overview">
            <Logo />
            Pharos
          </Link>
          <ul>
            {pages.map(({ to, label, icon: PageIcon, exact }) => (
              <li key={to}>
                <Link to={to} className={classes.link} onClick={onClose} search={keepTime} activeOptions={{ exact, includeSearch: false }}>
                  <PageIcon />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
          {version && <p className={classes.foot}>Version {version}</p>}
        </div>
      </nav>
      <div className={classes.backdrop} data-open={open} onClick={onClose} aria-hidden="true" />
    </>
  );
}
