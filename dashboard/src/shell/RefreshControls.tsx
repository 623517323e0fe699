// How new data comes: live, again every so often, or when it is asked for.

import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";

import { usePageTime, type PageTime } from "../time/context";
import { intervals, parseRefresh } from "../time/refresh";
import { CheckIcon, ChevronIcon, PauseIcon, PlayIcon, RefreshIcon } from "../ui/icons";
import { useShortcut } from "../ui/shortcuts";
import classes from "./Shell.module.css";

/** toggle stops what comes by itself, or begins it again. */
function toggle({ live, every, canLive, setLive }: PageTime): void {
  if (canLive) setLive(!live && every === undefined);
}

export function RefreshControls() {
  const time = usePageTime();
  const { live, canLive, every, refresh } = time;
  useShortcut("r", "Refresh", refresh, { group: "Time" });
  useShortcut([".", "Space"], "Live or paused", () => toggle(time), { group: "Time" });
  const running = live || every !== undefined;
  const hint = canLive ? (running ? "Stop new data from coming in" : "Show new data as it arrives") : "A range that ends in the past doesn't change";
  return (
    <>
      <div className={classes.joined}>
        <Tooltip label={hint} openDelay={400}>
          <Button
            size="xs"
            h={30}
            px={10}
            variant="default"
            leftSection={running ? <PauseIcon /> : <PlayIcon />}
            aria-pressed={running}
            {...(canLive ? {} : { "data-disabled": true })}
            aria-disabled={!canLive}
            onClick={() => toggle(time)}
          >
            {live ? "Live" : (parseRefresh(every)?.label ?? "Paused")}
          </Button>
        </Tooltip>
        <IntervalMenu time={time} />
      </div>
      <Tooltip label="Refresh" openDelay={400}>
        <ActionIcon variant="default" size={30} onClick={refresh} aria-label="Refresh">
          <RefreshIcon />
        </ActionIcon>
      </Tooltip>
    </>
  );
}

function IntervalMenu({ time: { live, every, canLive, setLive, setEvery } }: { time: PageTime }) {
  const value = live ? "live" : (every ?? "off");
  const choose = (next: string) => {
    if (next === "live") setLive(true);
    else setEvery(next === "off" ? undefined : next);
  };
  return (
    <Menu withInitialFocusPlaceholder={false} position="bottom-end" width={170} disabled={!canLive}>
      <Menu.Target>
        <ActionIcon variant="default" size={30} w={22} aria-label="How new data comes" aria-disabled={!canLive} {...(canLive ? {} : { "data-disabled": true })}>
          <ChevronIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={value} onChange={choose}>
          {[{ value: "live", label: "Live" }, ...intervals, { value: "off", label: "Only when asked" }].map(({ value: each, label }) => (
            <Menu.RadioItem key={each} value={each} checkIcon={<CheckIcon />} closeMenuOnClick>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
