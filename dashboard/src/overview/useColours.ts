import { useComputedColorScheme } from "@mantine/core";

import { seriesColours } from "../theme";

/** useColours returns the colours of series in the current theme, round and round. */
export function useColours(): (index: number) => string {
  const colours = seriesColours[useComputedColorScheme("light")];
  return (index) => colours[index % colours.length] ?? "#888888";
}
