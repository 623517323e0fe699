import { PageTitle } from "../shell/title";

export function MetricsPage() {
  return <PageTitle>Metrics</PageTitle>;
}
