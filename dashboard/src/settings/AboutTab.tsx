// Which Pharos this is.

import { useQuery } from "@tanstack/react-query";

import { buildQuery } from "../api/admin";
import { healthQuery } from "../api/health";
import { Failure } from "../ui/Failure";
import { Panel } from "../ui/Panel";
import classes from "./settings.module.css";

export function AboutTab() {
  const health = useQuery(healthQuery);
  const build = useQuery(buildQuery);
  const facts = [
    ["Pharos", health.data?.version],
    ["Prometheus API", build.data && `as Prometheus ${build.data.version}`],
    ["Go", build.data?.goVersion.replace(/^go/, "")],
    ["Address", location.origin],
  ] as const;
  return (
    <div className={classes.narrow}>
      <Panel title="About">
        {build.error && <Failure title="The build can't be told" error={build.error} onRetry={() => void build.refetch()} />}
        <dl className={classes.facts}>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value ?? "–"}</dd>
            </div>
          ))}
        </dl>
        <p className={classes.outro}>
          Everything here can be done by programs too: <a href="/v1/openapi.json">the API's OpenAPI document</a>. On the server, <code>pharos version</code> tells the commit and the date of the build.
        </p>
      </Panel>
    </div>
  );
}
