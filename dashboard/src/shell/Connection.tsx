// Whether live data can come; told to screen readers when it changes.

import { UnstyledButton } from "@mantine/core";
import { useEffect, useState } from "react";

import { useConnectionState, useSocket } from "../live/context";
import type { ConnectionState } from "../live/socket";
import classes from "./Shell.module.css";

const texts: Record<ConnectionState, string> = {
  open: "Connected",
  connecting: "Connecting",
  waiting: "Reconnecting",
  closed: "Disconnected",
};

export function Connection() {
  const socket = useSocket();
  const actual = useConnectionState();
  const state = useCalm(actual);
  return (
    <span className={classes.connection} data-state={state} role="status" aria-live="polite">
      <span className={classes.dot} />
      {texts[state]}
      {state === "waiting" && (
        <UnstyledButton fz={12} td="underline" onClick={socket.retryNow}>
          now
        </UnstyledButton>
      )}
    </span>
  );
}

/** useCalm keeps saying "Reconnecting" while tries follow each other. */
function useCalm(state: ConnectionState): ConnectionState {
  const [shown, setShown] = useState(state);
  useEffect(() => {
    setShown((before) => (before === "waiting" && state === "connecting" ? before : state));
  }, [state]);
  return shown;
}
