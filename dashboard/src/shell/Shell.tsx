// The frame around every page: where to go on the left, what time it is about on top.

import { Outlet } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { createSocket, SocketProvider } from "../live/context";
import { TimeProvider } from "../time/context";
import { shortcuts } from "../ui/shortcuts";
import { Header } from "./Header";
import { Navigation } from "./Navigation";
import classes from "./Shell.module.css";
import { TitleProvider } from "./title";

export function Shell() {
  const socket = useMemo(createSocket, []);
  const [menuOpen, setMenuOpen] = useState(false);

  useEffect(() => {
    document.addEventListener("keydown", shortcuts.press);
    return () => document.removeEventListener("keydown", shortcuts.press);
  }, []);

  useEffect(() => {
    if (!menuOpen) return undefined;
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape") setMenuOpen(false);
    };
    document.addEventListener("keydown", close);
    return () => document.removeEventListener("keydown", close);
  }, [menuOpen]);

  return (
    <SocketProvider socket={socket}>
      <TimeProvider>
        <TitleProvider>
          <a className="skip-link" href="#content">
            Skip to the content
          </a>
          <div className={classes.shell}>
            <Navigation open={menuOpen} onClose={() => setMenuOpen(false)} />
            <div className={classes.column}>
              <Header menuOpen={menuOpen} onMenu={() => setMenuOpen((open) => !open)} />
              <main id="content" className={classes.main} tabIndex={-1}>
                <Outlet />
              </main>
            </div>
          </div>
        </TitleProvider>
      </TimeProvider>
    </SocketProvider>
  );
}
