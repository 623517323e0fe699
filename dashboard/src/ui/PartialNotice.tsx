// Says that what is shown isn't all there is: some of it was cut, is missing, or failed.

import type { ReactNode } from "react";

import classes from "./States.module.css";

interface Props {
  children: ReactNode;
  /** A way to see the rest. */
  action?: ReactNode;
}

export function PartialNotice({ children, action }: Props) {
  return (
    <div className={classes.partial} role="status">
      <p>{children}</p>
      {action}
    </div>
  );
}
