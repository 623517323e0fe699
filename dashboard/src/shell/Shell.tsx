// The frame around every page: where to go on the left, what time it is about on top, and the
// keys that work everywhere.

import { Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";

import { createSocket, SocketProvider } from "../live/context";
import { TimeProvider } from "../time/context";
import { shortcuts, useShortcut } from "../ui/shortcuts";
import { Header } from "./Header";
import { Navigation } from "./Navigation";
import { keepTime, pages } from "./pages";
import classes from "./Shell.module.css";
import { TitleProvider } from "./title";

const Palette = lazy(() => import("./palette/Palette").then((module) => ({ default: module.Palette })));
const HelpSheet = lazy(() => import("./HelpSheet").then((module) => ({ default: module.HelpSheet })));

export function Shell() {
  const socket = useMemo(createSocket, []);
  return (
    <SocketProvider socket={socket}>
      <TimeProvider>
        <TitleProvider>
          <Frame />
        </TitleProvider>
      </TimeProvider>
    </SocketProvider>
  );
}

type Overlay = "palette" | "help" | undefined;

function Frame() {
  const [menuOpen, setMenuOpen] = useState(false);
  const [overlay, setOverlay] = useState<Overlay>();
  useMenuKeys(menuOpen, setMenuOpen);
  useKeys(setOverlay);
  useFocusOnHeading();

  return (
    <>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <div className={classes.shell}>
        <Navigation open={menuOpen} onClose={() => setMenuOpen(false)} />
        <div className={classes.column}>
          <Header menuOpen={menuOpen} onMenu={() => setMenuOpen((open) => !open)} onSearch={() => setOverlay("palette")} onHelp={() => setOverlay("help")} />
          <main id="content" className={classes.main} tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </div>
      <Suspense fallback={null}>
        {overlay === "palette" && <Palette onClose={() => setOverlay(undefined)} onHelp={() => setOverlay("help")} />}
        {overlay === "help" && <HelpSheet onClose={() => setOverlay(undefined)} />}
      </Suspense>
    </>
  );
}

/** useMenuKeys closes the menu of a narrow screen by Escape. */
function useMenuKeys(menuOpen: boolean, setMenuOpen: (open: boolean) => void): void {
  useEffect(() => {
    if (!menuOpen) return undefined;
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape") setMenuOpen(false);
    };
    document.addEventListener("keydown", close);
    return () => document.removeEventListener("keydown", close);
  }, [menuOpen, setMenuOpen]);
}

/** useKeys makes the keys work that every page has. */
function useKeys(open: (change: (overlay: Overlay) => Overlay) => void): void {
  const navigate = useNavigate({ from: "/" });
  useEffect(() => {
    document.addEventListener("keydown", shortcuts.press);
    const removers = pages.map(({ to, label, keys }) => shortcuts.add({ keys, label, group: "Go to", handler: () => void navigate({ to, search: keepTime }) }));
    return () => {
      document.removeEventListener("keydown", shortcuts.press);
      for (const remove of removers) remove();
    };
  }, [navigate]);
  useShortcut("mod+k", "Search and commands", () => open((overlay) => (overlay === "palette" ? undefined : "palette")), { group: "Everywhere", whileTyping: true });
  useShortcut("?", "Keyboard shortcuts", () => open(() => "help"), { group: "Everywhere" });
}

/** useFocusOnHeading moves the focus to the title when another page comes, so that it is read out. */
function useFocusOnHeading(): void {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onResolved", ({ fromLocation, pathChanged }) => {
        if (!fromLocation || !pathChanged) return;
        const content = document.getElementById("content");
        // A page may have put the focus where it wants it.
        if (document.activeElement !== content && content?.contains(document.activeElement)) return;
        document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
      }),
    [router],
  );
}
