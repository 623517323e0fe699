import { ActionIcon, Button, Tooltip } from "@mantine/core";

import { usePageTime } from "../time/context";
import { PauseIcon, PlayIcon, RefreshIcon } from "../ui/icons";

/** Live or standing still, and asking again. */
export function RefreshControls() {
  const { live, canLive, setLive, refresh } = usePageTime();
  const hint = canLive ? (live ? "Stop new data from coming in" : "Show new data as it arrives") : "A range that ends in the past doesn't change";
  return (
    <>
      <Tooltip label={hint} openDelay={400}>
        <Button
          size="xs"
          h={30}
          px={10}
          variant="default"
          leftSection={live ? <PauseIcon /> : <PlayIcon />}
          aria-pressed={live}
          {...(canLive ? {} : { "data-disabled": true })}
          aria-disabled={!canLive}
          onClick={() => canLive && setLive(!live)}
        >
          {live ? "Live" : "Paused"}
        </Button>
      </Tooltip>
      <Tooltip label="Refresh" openDelay={400}>
        <ActionIcon variant="default" size={30} onClick={refresh} aria-label="Refresh">
          <RefreshIcon />
        </ActionIcon>
      </Tooltip>
    </>
  );
}
