import { PageTitle } from "../shell/title";

export function SendPage() {
  return <PageTitle>Send data</PageTitle>;
}
