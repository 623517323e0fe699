// What the address of Settings holds: the open tab.

import type { PageSearch } from "../useChangeSearch";

export const tabs = [
  { id: "keys", label: "API keys" },
  { id: "health", label: "Health" },
  { id: "usage", label: "Usage and retention" },
  { id: "account", label: "Account" },
  { id: "appearance", label: "Appearance" },
  { id: "about", label: "About" },
] as const;

export type SettingsTab = (typeof tabs)[number]["id"];

export const defaultTab: SettingsTab = "keys";

export function parseTab({ tab }: PageSearch): SettingsTab {
  return tabs.find(({ id }) => id === tab)?.id ?? defaultTab;
}

export function writeTab(tab: SettingsTab): { tab: string | undefined } {
  return { tab: tab === defaultTab ? undefined : tab };
}
