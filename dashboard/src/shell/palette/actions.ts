// What the palette can do on every page: go to one, change the time, the clock, the theme.

import { useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";

import { usePageTime } from "../../time/context";
import { presets } from "../../time/range";
import { intervals } from "../../time/refresh";
import { allZones, browserZone, writeOffset } from "../../time/zone";
import type { Command } from "../../ui/commands";
import { keepTime, pages } from "../pages";
import { nameOf, useChooseZone } from "../ZonePicker";

export function usePages(): Command[] {
  const navigate = useNavigate({ from: "/" });
  return pages.map(({ to, label, keys, keywords }) => ({ id: `page ${to}`, label, group: "Page", keywords, hint: keys, run: () => void navigate({ to, search: keepTime }) }));
}

/** useActions lists what can be done; zones only when they are looked for, because there are hundreds. */
export function useActions(openHelp: () => void): { actions: Command[]; zones: Command[] } {
  const time = usePageTime();
  const chooseZone = useChooseZone();
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const action = (id: string, label: string, run: () => void, hint?: string, keywords?: string): Command => ({ id, label, group: "Action", run, ...(hint ? { hint } : {}), ...(keywords ? { keywords } : {}) });
  const actions = [
    action("refresh", "Refresh", time.refresh, "r", "reload"),
    ...(time.canLive ? [action("live", time.live ? "Pause live data" : "Show live data", () => time.setLive(!time.live), ".", "stream tail stop")] : []),
    action("back", "Move back in time", time.moveBack, "["),
    action("forward", "Move forward in time", time.moveForward, "]"),
    action("zoom-out", "Zoom out in time", time.zoomOut, "z"),
    action("help", "Keyboard shortcuts", openHelp, "?", "help keys"),
    ...presets.map(({ from, label, short }): Command => ({ id: `time ${from}`, label, group: "Time", keywords: `range ${short}`, run: () => time.setRange({ from, to: "now" }) })),
    ...(time.canLive ? intervals.map(({ value, label }): Command => ({ id: `every ${value}`, label: `Refresh ${label.toLowerCase()}`, group: "Time", keywords: `interval ${value}`, run: () => time.setEvery(value) })) : []),
    ...([["light", "Light"], ["dark", "Dark"], ["auto", "System"]] as const).map(([scheme, label]): Command => ({ id: `theme ${scheme}`, label: `${label} theme`, group: "Theme", keywords: "appearance colours mode", run: () => setColorScheme(scheme) })),
  ];
  const now = Date.now();
  const home = browserZone();
  const zones = allZones().map((zone): Command => ({
    id: `zone ${zone}`,
    label: nameOf(zone),
    group: "Time zone",
    keywords: zone === home ? "browser local clock" : "clock",
    hint: writeOffset(now, zone),
    run: () => chooseZone(zone),
  }));
  return { actions, zones };
}
