// The frame of everything on a page: a title, what matters most as one value, and the content,
// or why there is none.

import { useId, type ReactNode } from "react";

import classes from "./Panel.module.css";

interface Props {
  title: string;
  value?: ReactNode;
  detail?: ReactNode;
  actions?: ReactNode;
  area?: string;
  /** What went wrong; shown in place of the content unless there is something older to show. */
  error?: Error | undefined;
  children: ReactNode;
}

export function Panel({ title, value, detail, actions, area, error, children }: Props) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={id} style={area ? { gridArea: area } : undefined}>
      <header className={classes.header}>
        <h2 id={id} className={classes.title}>
          {title}
        </h2>
        {value !== undefined && <span className={classes.value}>{value}</span>}
        {detail !== undefined && <span className={classes.detail}>{detail}</span>}
        {actions && <span className={classes.actions}>{actions}</span>}
      </header>
      {error && (
        <p className={classes.error} role="alert">
          {error.message}
        </p>
      )}
      {children}
    </section>
  );
}
