import { PageTitle } from "../shell/title";

export function HostPage() {
  return <PageTitle>Host</PageTitle>;
}
