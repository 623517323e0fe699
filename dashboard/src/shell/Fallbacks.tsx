// What stands in place of a page that isn't there: yet, at all, or now.

import { Button, Loader } from "@mantine/core";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";

import { Keys } from "../ui/Keys";
import { PageTitle } from "./title";
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
    <div className={classes.centre}>
      <PageTitle>Not found</PageTitle>
      <div className={classes.message}>
        <h2>There is no page at this address</h2>
        <p className="muted">
          Search for it with <Keys keys="mod+k" />, or begin at the start.
        </p>
        <Link to="/">Go to the Overview</Link>
      </div>
    </div>
  );
}

/** isOutdated says that a part of the page can't be loaded, because another version was installed. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|importing a module script|preload CSS/i.test(error.message);
}

/** PageError stands in place of a page that failed; the rest goes on. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const outdated = isOutdated(error);
  return (
    <div className={classes.centre}>
      <div className={classes.message} role="alert">
        <h2>{outdated ? "Another version of Pharos was installed" : "This page has failed"}</h2>
        <p className="muted">{outdated ? "Load the page again to use it." : error instanceof Error ? error.message : String(error)}</p>
        <div className={classes.buttons}>
          {!outdated && (
            <Button size="xs" variant="default" onClick={reset}>
              Try again
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => location.reload()}>
            Load the page again
          </Button>
        </div>
      </div>
    </div>
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
