// The page's time in the header: which range, moving it, and how new data comes.

import { ActionIcon, Tooltip } from "@mantine/core";

import { usePageTime } from "../time/context";
import { useShortcut } from "../ui/shortcuts";
import { moves } from "./moves";
import { RefreshControls } from "./RefreshControls";
import classes from "./Shell.module.css";
import { TimeRangePicker } from "./TimeRangePicker";

export function TimeControls() {
  return (
    <div className={classes.timeControls}>
      <MoveButton move={moves[0]} />
      <TimeRangePicker />
      <MoveButton move={moves[1]} />
      <MoveButton move={moves[2]} />
      <RefreshControls />
    </div>
  );
}

function MoveButton({ move: { name, label, icon: MoveIcon, keys } }: { move: (typeof moves)[number] }) {
  const time = usePageTime();
  useShortcut(keys, label, () => time[name](), { group: "Time" });
  const stuck = name === "moveForward" && time.range.to === "now";
  return (
    <Tooltip label={label} openDelay={400}>
      <ActionIcon
        className={classes.move ?? ""}
        variant="default"
        size={30}
        onClick={() => !stuck && time[name]()}
        aria-label={label}
        aria-disabled={stuck}
        {...(stuck ? { "data-disabled": true } : {})}
      >
        <MoveIcon />
      </ActionIcon>
    </Tooltip>
  );
}
