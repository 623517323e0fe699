import { PageTitle } from "../shell/title";

export function DashboardPage() {
  return <PageTitle>Dashboard</PageTitle>;
}
