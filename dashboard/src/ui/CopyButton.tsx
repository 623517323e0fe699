// Copies a text, and says that it did.

import { ActionIcon, Button } from "@mantine/core";
import { useEffect, useState } from "react";

import { CheckIcon, CopyIcon } from "./icons";

interface Props {
  /** A function is called when it is copied: for what takes time to write. */
  value: string | (() => string);
  /** What is copied, for those who can't see the icon: "Copy the command". */
  label: string;
  /** Shows this text beside the icon. */
  text?: string;
  size?: number;
}

/** copyText copies also where there is no clipboard API: on plain http from another machine. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  // Inside an open dialog, because what is outside of it can't have the focus.
  (before?.closest("[role=dialog]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

export function CopyButton({ value, label, text, size = 26 }: Props) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  useEffect(() => {
    if (state === "idle") return undefined;
    const timer = setTimeout(() => setState("idle"), 2000);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = () => void copyText(typeof value === "string" ? value : value()).then((done) => setState(done ? "copied" : "refused"));
  const icon = state === "copied" ? <CheckIcon /> : <CopyIcon />;
  const said = { idle: label, copied: "Copied", refused: "The browser does not allow copying" }[state];
  if (text === undefined) {
    return (
      <ActionIcon variant="default" size={size} onClick={copy} aria-label={said} title={said}>
        {icon}
      </ActionIcon>
    );
  }
  return (
    <Button variant="default" size="xs" h={size} px={8} leftSection={icon} onClick={copy} aria-label={said} title={said}>
      {state === "copied" ? "Copied" : text}
    </Button>
  );
}
