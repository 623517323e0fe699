// A dashboard without panels: the three ways to begin.

import type { DialogState } from "./DashboardView";
import classes from "./DashboardView.module.css";
import { EditIcon, ImportIcon, PlusIcon } from "./icons";

interface Props {
  changeable: boolean;
  onDialog: (dialog: DialogState) => void;
  onEdit: () => void;
}

export function EmptyDashboard({ changeable, onDialog, onEdit }: Props) {
  if (!changeable) return <p className="muted">This dashboard has no panels.</p>;
  const begin = (dialog: DialogState) => () => {
    onEdit();
    onDialog(dialog);
  };
  return (
    <div className={classes.ways}>
      <h2 className={classes.waysHead}>This dashboard is empty. Three ways to begin:</h2>
      <button type="button" className={classes.way} onClick={begin({ kind: "add" })}>
        <strong>
          <PlusIcon /> Add a panel
        </strong>
        <span>Choose how it looks, write a query, see it at once.</span>
      </button>
      <button type="button" className={classes.way} onClick={begin({ kind: "code" })}>
        <strong>
          <EditIcon /> Write it as code
        </strong>
        <span>Paste or write the document: JSON in the shape of Perses.</span>
      </button>
      <button type="button" className={classes.way} onClick={() => onDialog({ kind: "import" })}>
        <strong>
          <ImportIcon /> Import from Grafana or Perses
        </strong>
        <span>See first what can be carried over, panel by panel.</span>
      </button>
    </div>
  );
}
