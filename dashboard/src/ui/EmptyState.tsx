// What stands where there is nothing to show: what that means, and what to do next.

import type { ReactNode } from "react";

import classes from "./States.module.css";

interface Props {
  title: string;
  /** Why there is nothing, in a sentence or two. */
  children?: ReactNode;
  /** What to do next: buttons or links. */
  action?: ReactNode;
  /** In the middle of a page; otherwise it begins where the content would. */
  centred?: boolean;
}

export function EmptyState({ title, children, action, centred }: Props) {
  return (
    <div className={classes.empty} data-centred={centred}>
      <p className={classes.title}>{title}</p>
      {children !== undefined && <div className={classes.text}>{children}</div>}
      {action !== undefined && <div className={classes.actions}>{action}</div>}
    </div>
  );
}
