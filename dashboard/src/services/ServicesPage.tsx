import { PageTitle } from "../shell/title";

export function ServicesPage() {
  return <PageTitle>Services</PageTitle>;
}
