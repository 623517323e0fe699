// What the Overview says while no host reports.

import { sendLink } from "../links";
import { PageLink } from "../ui/PageLink";
import { Panel } from "../ui/Panel";
import classes from "./OverviewPage.module.css";

export function NoHost({ loading, error }: { loading: boolean; error: Error | undefined }) {
  return (
    <div className={classes.noHost}>
      <Panel title="No host reports yet" error={error}>
        {loading ? (
          <p className="muted">Loading</p>
        ) : (
          <div className={classes.advice}>
            <p>
              <code>pharos up</code> collects the machine it runs on, and its first values are here within seconds. If none appear:
            </p>
            <ul>
              <li>Look at Health on this page, and at what the program logs.</li>
              <li>Choose a longer time range: hosts are listed when they reported within it.</li>
              <li>
                To watch another machine, see <PageLink href={sendLink("host")}>Send data</PageLink>.
              </li>
              <li>In a configuration of your own, put the host receiver into a metrics pipeline.</li>
            </ul>
          </div>
        )}
      </Panel>
    </div>
  );
}
