// The theme: Mantine's defaults with our metrics, and the colours of series.

import { createTheme } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "blue",
  defaultRadius: 6,
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--font-mono)",
  cursorType: "pointer",
});

export type Scheme = "light" | "dark";

/** Eight colours that also people with protan, deutan and tritan sight tell apart. */
export const seriesColours: Record<Scheme, readonly string[]> = {
  light: ["#0c93f6", "#dd6d6d", "#143e9d", "#882005", "#462c59", "#949419", "#c073b0", "#6d3338"],
  dark: ["#428ff7", "#916d03", "#b9bcfc", "#d5c04d", "#7f67a6", "#c94155", "#7fe898", "#e487a9"],
};

export const chartColours: Record<Scheme, { grid: string; text: string; cursor: string; surface: string }> = {
  light: { grid: "#eceff3", text: "#5b6675", cursor: "#8a94a3", surface: "#ffffff" },
  dark: { grid: "#232a34", text: "#97a3b4", cursor: "#6c7889", surface: "#151a21" },
};

/** What a threshold means; the same as --good, --warn, --bad and --accent. */
export const levelColours: Record<Scheme, Record<"good" | "warn" | "bad" | "info", string>> = {
  light: { good: "#1d8348", warn: "#946300", bad: "#c4302b", info: "#0b6bcb" },
  dark: { good: "#4cc38a", warn: "#e2b340", bad: "#ff7b72", info: "#6ab0ff" },
};
