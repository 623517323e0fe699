import { PageTitle } from "../shell/title";

export function HostsPage() {
  return <PageTitle>Hosts</PageTitle>;
}
