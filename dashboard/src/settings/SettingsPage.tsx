import { PageTitle } from "../shell/title";

export function SettingsPage() {
  return <PageTitle>Settings</PageTitle>;
}
