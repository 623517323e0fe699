// What stands in place of a page that isn't there: yet, at all, or now.

import { Button, Loader } from "@mantine/core";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";

import classes from "./Fallbacks.module.css";

export function Pending() {
  return (
    <div className={classes.centre} role="status" aria-label="Loading">
      <Loader size="sm" />
    </div>
  );
}

export function NotFound() {
  return (
    <main className={classes.centre}>
      <div className={classes.message}>
        <h1>There is no page at this address</h1>
        <Link to="/">Go to the Overview</Link>
      </div>
    </main>
  );
}

/** LoadError is shown when the server can't be asked who is logged in; it keeps trying. */
export function LoadError({ error }: ErrorComponentProps) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => void router.invalidate(), 3000);
    return () => clearInterval(timer);
  }, [router]);
  return (
    <main className={classes.centre}>
      <div className={classes.message} role="alert">
        <h1>Pharos can't be reached</h1>
        <p className="muted">{error instanceof Error ? error.message : ""} Trying again every few seconds.</p>
        <Button size="xs" variant="default" onClick={() => void router.invalidate()}>
          Try now
        </Button>
      </div>
    </main>
  );
}
