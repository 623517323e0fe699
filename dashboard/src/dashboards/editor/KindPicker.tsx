// How a panel shows what it asks.

import { kinds, type PanelKind } from "../document";
import classes from "./PanelEditor.module.css";

export function KindPicker({ value, onChange }: { value: string; onChange: (kind: PanelKind) => void }) {
  return (
    <fieldset className={classes.kinds}>
      <legend>Shown as</legend>
      {kinds.map(({ kind, name, purpose }) => (
        <label key={kind} className={classes.kind} title={purpose} data-chosen={kind === value}>
          <input type="radio" name="kind" className="visually-hidden" checked={kind === value} onChange={() => onChange(kind)} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
