import { PageTitle } from "../shell/title";

export function LogsPage() {
  return <PageTitle>Logs</PageTitle>;
}
