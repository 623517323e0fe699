// Keeps people from losing what they have not saved: when they go to another page, back, or
// close the window.

import { Button } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useCallback, useRef, type ReactNode } from "react";

import { Modal } from "../ui/Modal";

interface Guard {
  /** What is shown while somebody is kept. */
  dialog: ReactNode;
  /** Lets the next step go: it was meant. */
  letGo: () => void;
}

export function useLeaveGuard(unsaved: boolean, onSave: () => void): Guard {
  const free = useRef(false);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => {
      if (free.current) {
        free.current = false;
        return false;
      }
      const stays = current.pathname === next.pathname && (next.search as Record<string, string>)["edit"] === "on";
      return unsaved && !stays;
    },
    enableBeforeUnload: () => unsaved,
    disabled: !unsaved,
    withResolver: true,
  });
  const letGo = useCallback(() => {
    free.current = true;
  }, []);
  const dialog = blocker.status === "blocked" && (
    <Modal
      title="Leave without saving?"
      opened
      onClose={blocker.reset}
      footer={
        <>
          <Button size="xs" variant="default" onClick={blocker.proceed}>
            Discard changes
          </Button>
          <Button size="xs" variant="default" onClick={blocker.reset} data-autofocus>
            Go on editing
          </Button>
          <Button
            size="xs"
            onClick={() => {
              blocker.reset();
              onSave();
            }}
          >
            Save
          </Button>
        </>
      }
    >
      <p>The changes to this dashboard are not saved yet.</p>
    </Modal>
  );
  return { dialog, letGo };
}
