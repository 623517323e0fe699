import { PageTitle } from "../shell/title";

export function DashboardsPage() {
  return <PageTitle>Dashboards</PageTitle>;
}
