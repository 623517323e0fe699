import { PageTitle } from "../shell/title";

export function ServicePage() {
  return <PageTitle>Service</PageTitle>;
}
