import { useCallback } from "react";

import { usePageTime } from "../time/context";

/** useZoom shows what was marked in a chart, in the whole page. */
export function useZoom(): (from: number, to: number) => void {
  const { setRange } = usePageTime();
  return useCallback(
    (from, to) => {
      const text = (seconds: number) => new Date(Math.round(seconds) * 1000).toISOString().replace(".000Z", "Z");
      if (Math.round(to) > Math.round(from)) setRange({ from: text(from), to: text(to) });
    },
    [setRange],
  );
}
