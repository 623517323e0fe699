// Who may come in, how the server is, what it keeps, and how it looks to you.

import { useSearch } from "@tanstack/react-router";
import type { ComponentType } from "react";

import { PageTitle } from "../shell/title";
import { Tabs } from "../ui/Tabs";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { AboutTab } from "./AboutTab";
import { AccountTab } from "./AccountTab";
import { AppearanceTab } from "./AppearanceTab";
import { HealthTab } from "./HealthTab";
import { KeysTab } from "./KeysTab";
import { parseTab, tabs, writeTab, type SettingsTab } from "./search";
import { UsageTab } from "./UsageTab";

const contents: Record<SettingsTab, ComponentType> = {
  keys: KeysTab,
  health: HealthTab,
  usage: UsageTab,
  account: AccountTab,
  appearance: AppearanceTab,
  about: AboutTab,
};

export function SettingsPage() {
  const search: PageSearch = useSearch({ strict: false });
  const change = useChangeSearch();
  const tab = parseTab(search);
  const Content = contents[tab];
  return (
    <>
      <PageTitle text={`${tabs.find(({ id }) => id === tab)?.label ?? ""} · Settings`}>Settings</PageTitle>
      <Tabs<SettingsTab> label="Settings" tabs={tabs} value={tab} onChange={(next) => change(writeTab(next))}>
        <Content />
      </Tabs>
    </>
  );
}
