// How Pharos looks in this browser.

import { Button, useMantineColorScheme } from "@mantine/core";
import { useState } from "react";

import { preference, setPreference, usePreference } from "../preferences";
import { nameOf, ZonePicker } from "../shell/ZonePicker";
import { browserZone, formatTime, useTimeZone } from "../time/zone";
import { Choice } from "../ui/Choice";
import { Panel } from "../ui/Panel";
import { useChangeSearch } from "../useChangeSearch";
import classes from "./settings.module.css";

const themes = [
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
  { value: "auto", label: "As the system" },
] as const;

const densities = [
  { value: "compact", label: "Compact" },
  { value: "comfortable", label: "Comfortable" },
] as const;

export function AppearanceTab() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const density = usePreference("density");
  return (
    <div className={classes.narrow}>
      <Panel title="Appearance" detail="in this browser">
        <dl className={classes.choices}>
          <div>
            <dt>Theme</dt>
            <dd>
              <Choice label="Theme" options={themes} value={colorScheme} onChange={setColorScheme} />
            </dd>
          </div>
          <div>
            <dt>Rows of tables</dt>
            <dd>
              <Choice label="Rows of tables" options={densities} value={density === "comfortable" ? density : "compact"} onChange={(value) => setPreference("density", value)} />
            </dd>
          </div>
          <div>
            <dt>Time zone</dt>
            <dd>
              <ZonePreference />
            </dd>
          </div>
        </dl>
      </Panel>
    </div>
  );
}

function ZonePreference() {
  const zone = useTimeZone();
  const change = useChangeSearch();
  const [open, setOpen] = useState(false);
  const own = preference("zone") === "";

  function choose(next: string) {
    setPreference("zone", next === browserZone() ? "" : next);
    // A zone in the address would hide what was chosen.
    change({ tz: undefined }, { replace: true });
    setOpen(false);
  }

  return (
    <div className={classes.zone}>
      <p>
        {nameOf(zone)}
        {own && zone === browserZone() && <span className="muted"> as this browser</span>}, where it is {formatTime(Date.now(), zone).slice(0, 5)}
      </p>
      <Button size="compact-xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Cancel" : "Change"}
      </Button>
      <p className={classes.hint}>Pages show times by this clock, unless their address names another.</p>
      {open && (
        <div className={classes.picker}>
          <ZonePicker onChoose={choose} />
        </div>
      )}
    </div>
  );
}
