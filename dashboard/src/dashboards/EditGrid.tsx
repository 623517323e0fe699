// The grid while it is arranged: panels are dragged by their grip and resized at their corner.

import { useEffect, useMemo, useRef } from "react";
import GridLayout, { type Layout } from "react-grid-layout";

import type { GridItem, GridSection } from "../api/dashboards";
import { useDashboard } from "./context";
import { columns, gap, keyOfRef, leastHeight, leastWidth, rowHeight } from "./document";
import classes from "./Grid.module.css";
import { PanelFrame } from "./PanelFrame";
import { useSize } from "./useSize";

export type Places = ReadonlyMap<string, Omit<GridItem, "content">>;

interface Props {
  section: GridSection;
  index: number;
  onArrange: (index: number, places: Places) => void;
}

/**
 * While something is dragged, react-draggable adds a style sheet to the page, unless an element
 * with this id is there. The security policy forbids such sheets; our own has the rule.
 */
function useNoInlineStyle(): void {
  useEffect(() => {
    const id = "react-draggable-style-el";
    if (document.getElementById(id)) return;
    const mark = document.createElement("meta");
    mark.id = id;
    document.head.append(mark);
  }, []);
}

function placesOf(layout: Layout): Places {
  return new Map(layout.map(({ i, x, y, w, h }) => [i, { x, y, width: w, height: h }]));
}

export default function EditGrid({ section, index, onArrange }: Props) {
  const { document } = useDashboard();
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  useNoInlineStyle();
  const layout = useMemo(
    () => section.spec.items.map((item) => ({ i: keyOfRef(item) ?? "", x: item.x, y: item.y, w: item.width, h: item.height, minW: leastWidth, minH: leastHeight })),
    [section.spec.items],
  );
  const take = (next: Layout) => onArrange(index, placesOf(next));
  return (
    <div ref={holder} className={classes.edit}>
      {width !== undefined && (
        <GridLayout
          width={width}
          layout={layout}
          gridConfig={{ cols: columns, rowHeight, margin: [gap, gap], containerPadding: [0, 0] }}
          dragConfig={{ handle: ".panel-grip", threshold: 3 }}
          resizeConfig={{ handles: ["se"] }}
          onDragStop={take}
          onResizeStop={take}
        >
          {section.spec.items.flatMap((item) => {
            const key = keyOfRef(item);
            const panel = key === undefined ? undefined : document.spec.panels[key];
            return key === undefined || !panel ? [] : (
              <div key={key}>
                <PanelFrame panelKey={key} panel={panel} />
              </div>
            );
          })}
        </GridLayout>
      )}
    </div>
  );
}

/** The holder has no height before it has panels, so only its width counts. */
function useWidth(holder: React.RefObject<HTMLDivElement | null>): number | undefined {
  const size = useSize(holder, true);
  return size?.width;
}
