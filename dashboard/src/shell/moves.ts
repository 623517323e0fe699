// The ways to move the page's time range, in the header and inside its picker, where a phone has
// room for them.

import type { PageTime } from "../time/context";
import { BackIcon, ForwardIcon, ZoomOutIcon } from "../ui/icons";

type Name = Extract<keyof PageTime, "moveBack" | "moveForward" | "zoomOut">;

export const moves = [
  { name: "moveBack", label: "Move back in time", icon: BackIcon, keys: ["[", "shift+ArrowLeft"] },
  { name: "moveForward", label: "Move forward in time", icon: ForwardIcon, keys: ["]", "shift+ArrowRight"] },
  { name: "zoomOut", label: "Zoom out", icon: ZoomOutIcon, keys: ["z"] },
] as const satisfies readonly { name: Name; label: string; icon: () => unknown; keys: readonly string[] }[];
