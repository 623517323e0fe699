// The way to every page.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { healthQuery } from "../api/health";
import { Logo } from "../ui/icons";
import { keepTime, pages } from "./pages";
import classes from "./Shell.module.css";

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
          <Link to="/" className={classes.brand} onClick={onClose} search={keepTime} aria-label="Pharos, go to the Overview">
            <Logo />
            Pharos
          </Link>
          <ul>
            {pages.map(({ to, label, icon: PageIcon }) => (
              <li key={to}>
                <Link to={to} className={classes.link} onClick={onClose} search={keepTime} activeOptions={{ exact: to === "/", includeSearch: false }}>
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
