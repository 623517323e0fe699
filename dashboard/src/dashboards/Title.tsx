import { Link } from "@tanstack/react-router";

import classes from "./DashboardView.module.css";

/** The title in the header: the way back to the list, and the name. */
export function Title({ name, description }: { name: string; description: string | undefined }) {
  return (
    <span className={classes.title}>
      <Link to="/dashboards" search={{}}>
        Dashboards
      </Link>
      <span className={classes.slash} aria-hidden="true">
        /
      </span>
      <span title={description}>{name}</span>
    </span>
  );
}
