// Every key that works on this page, as those who are on it registered them.

import { Fragment } from "react";

import { Keys } from "../ui/Keys";
import { Modal } from "../ui/Modal";
import { useShortcuts, type Shortcut } from "../ui/shortcuts";
import classes from "./HelpSheet.module.css";

const first = ["This page"];
const last = ["Time", "Go to", "Everywhere"];

/** grouped puts shortcuts under their headings: the page's own first. Of two for one key the later counts. */
export function grouped(shortcuts: readonly Shortcut[]): { group: string; shortcuts: Shortcut[] }[] {
  const keysOf = ({ keys }: Shortcut) => (typeof keys === "string" ? [keys] : keys);
  const working = shortcuts.filter((shortcut, i) => !shortcuts.slice(i + 1).some((later) => keysOf(later).includes(keysOf(shortcut)[0]!)));
  const groups = [...new Set(working.map(({ group }) => group))];
  const place = (group: string) => (first.includes(group) ? -1 : last.indexOf(group) + 1 || 0.5);
  return groups.toSorted((a, b) => place(a) - place(b)).map((group) => ({ group, shortcuts: working.filter((shortcut) => shortcut.group === group) }));
}

export function HelpSheet({ onClose }: { onClose: () => void }) {
  const groups = grouped(useShortcuts());
  return (
    <Modal title="Keyboard shortcuts" opened onClose={onClose} size="large">
      <div className={classes.sheet}>
        {groups.map(({ group, shortcuts }) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {shortcuts.map(({ keys, label }) => (
                <div key={label} className={classes.row}>
                  <dt>{label}</dt>
                  <dd>
                    {(typeof keys === "string" ? [keys] : keys).map((each, i) => (
                      <Fragment key={each}>
                        {i > 0 && <span className="muted"> or </span>}
                        <Keys keys={each} />
                      </Fragment>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
