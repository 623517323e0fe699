// A section of a dashboard: a head to fold it by, and its panels on the grid.

import { lazy, Suspense } from "react";

import type { GridSection } from "../api/dashboards";
import { ChevronIcon } from "../ui/icons";
import { useDashboard } from "./context";
import { gap, keyOfRef, rowHeight, sectionTitle } from "./document";
import classes from "./Grid.module.css";
import { readingOrder } from "./layout";
import { PanelFrame } from "./PanelFrame";
import { SectionMenu, type SectionActions } from "./SectionMenu";
import { useNarrow } from "./useNarrow";

const EditGrid = lazy(() => import("./EditGrid"));

interface Props {
  section: GridSection;
  index: number;
  open: boolean;
  onToggle: () => void;
  actions: SectionActions;
}

export function Section({ section, index, open, onToggle, actions }: Props) {
  const { editing } = useDashboard();
  const narrow = useNarrow();
  const title = sectionTitle(section);
  const count = section.spec.items.length;
  const grid = editing && !narrow ? <EditGrid section={section} index={index} onArrange={actions.arrange} /> : <ViewGrid section={section} narrow={narrow} />;
  return (
    <section className={classes.section} aria-label={title || `Section ${index + 1}`}>
      {(title !== "" || editing) && (
        <header className={classes.sectionHead}>
          <h2 className={classes.sectionTitle}>
            <button type="button" className={classes.fold} aria-expanded={open} onClick={onToggle} data-open={open}>
              <ChevronIcon />
              <span>{title || "Without a title"}</span>
            </button>
          </h2>
          {!open && <span className="muted">{count === 1 ? "1 panel" : `${count} panels`}</span>}
          {editing && <SectionMenu index={index} title={title || `Section ${index + 1}`} actions={actions} />}
        </header>
      )}
      {open && count > 0 && <Suspense fallback={<ViewGrid section={section} narrow={narrow} />}>{grid}</Suspense>}
      {open && count === 0 && editing && <p className={classes.emptySection}>No panels yet. Add one with “Add panel”.</p>}
    </section>
  );
}

/** ViewGrid lays panels out by CSS; on a phone they stand under each other in reading order. */
function ViewGrid({ section, narrow }: { section: GridSection; narrow: boolean }) {
  const { document } = useDashboard();
  return (
    <div className={classes.grid} data-narrow={narrow}>
      {readingOrder(section.spec.items).map((item) => {
        const key = keyOfRef(item);
        const panel = key === undefined ? undefined : document.spec.panels[key];
        if (key === undefined || !panel) return null;
        const height = item.height * (rowHeight + gap) - gap;
        const place = narrow ? { height } : { gridColumn: `${item.x + 1} / span ${item.width}`, gridRow: `${item.y + 1} / span ${item.height}` };
        return (
          <div key={key} className={classes.cell} style={place}>
            <PanelFrame panelKey={key} panel={panel} />
          </div>
        );
      })}
    </div>
  );
}
