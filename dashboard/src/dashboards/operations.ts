// Changes of a dashboard's document, as pure functions: each returns another document in which
// every item of the grid refers to a panel, and every panel is shown once.

import type { DashboardDocument, DashboardSpec, GridItem, GridSection, Panel } from "../api/dashboards";
import { columns, keyOfRef, kindOf, leastHeight, leastWidth, panelName, refOf } from "./document";
import { bottomOf, compact, moveBy, resizeBy } from "./layout";

type Document = DashboardDocument;

export const withSpec = (document: Document, changes: Partial<DashboardSpec>): Document => ({ ...document, spec: { ...document.spec, ...changes } });

const withItems = (section: GridSection, items: GridItem[]): GridSection => ({ ...section, spec: { ...section.spec, items } });

function mapSection(document: Document, index: number, change: (section: GridSection) => GridSection): Document {
  return withSpec(document, { layouts: document.spec.layouts.map((section, i) => (i === index ? change(section) : section)) });
}

/** placeOf finds a panel in the grid. */
export function placeOf(document: Document, key: string): { section: number; item: GridItem } | undefined {
  for (const [section, { spec }] of document.spec.layouts.entries()) {
    const item = spec.items.find((one) => keyOfRef(one) === key);
    if (item) return { section, item };
  }
  return undefined;
}

/** freeKey makes a key for a panel from its name: letters, digits and hyphens, each key once. */
export function freeKey(document: Document, name: string): string {
  const base = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 40) || "panel";
  let key = base;
  for (let n = 2; Object.hasOwn(document.spec.panels, key); n++) key = `${base}-${n}`;
  return key;
}

/** freePlace is where a panel of that width goes: beside the last ones, or under them. */
export function freePlace(items: readonly GridItem[], width: number, height: number): { x: number; y: number } {
  const bottom = bottomOf(items);
  const lastRow = items.filter((item) => item.y + item.height === bottom);
  const top = Math.min(bottom, ...lastRow.map((item) => item.y));
  const right = Math.max(0, ...items.filter((item) => item.y + item.height > top).map((item) => item.x + item.width));
  if (items.length > 0 && right + width <= columns && height <= bottom - top + 4) return { x: right, y: top };
  return { x: 0, y: bottom };
}

export interface Placing {
  section?: number;
  width?: number;
  height?: number;
}

/** addPanel puts a panel at the end of a section, of the last one unless it is said. */
export function addPanel(document: Document, panel: Panel, placing: Placing = {}): { document: Document; key: string } {
  const key = freeKey(document, panelName(panel));
  const layouts = document.spec.layouts.length > 0 ? document.spec.layouts : [{ kind: "Grid" as const, spec: { items: [] } }];
  const index = Math.min(Math.max(placing.section ?? layouts.length - 1, 0), layouts.length - 1);
  const width = Math.min(placing.width ?? kindOf(panel)?.width ?? 12, columns);
  const height = placing.height ?? kindOf(panel)?.height ?? 8;
  const grown = layouts.map((section, i) => {
    if (i !== index) return section;
    const place = freePlace(section.spec.items, width, height);
    return withItems(section, [...section.spec.items, { ...place, width, height, content: { $ref: refOf(key) } }]);
  });
  return { document: withSpec(document, { panels: { ...document.spec.panels, [key]: panel }, layouts: grown }), key };
}

export function updatePanel(document: Document, key: string, panel: Panel): Document {
  return Object.hasOwn(document.spec.panels, key) ? withSpec(document, { panels: { ...document.spec.panels, [key]: panel } }) : document;
}

/** duplicatePanel puts a copy beside the original where there is room, else under it. */
export function duplicatePanel(document: Document, key: string): { document: Document; key: string } | undefined {
  const panel = document.spec.panels[key];
  const place = placeOf(document, key);
  if (!panel || !place) return undefined;
  const name = `${panelName(panel)} copy`;
  const copy = structuredClone(panel);
  copy.spec.display = { ...copy.spec.display, name };
  const newKey = freeKey(document, name);
  const { item } = place;
  const fits = item.x + 2 * item.width <= columns;
  const added: GridItem = { ...item, content: { $ref: refOf(newKey) }, ...(fits ? { x: item.x + item.width } : { y: item.y + item.height }) };
  const changed = mapSection(document, place.section, (section) => withItems(section, compact([...section.spec.items, added], refOf(newKey))));
  return { document: withSpec(changed, { panels: { ...document.spec.panels, [newKey]: copy } }), key: newKey };
}

export function removePanel(document: Document, key: string): Document {
  const { [key]: _, ...panels } = document.spec.panels;
  const layouts = document.spec.layouts.map((section) =>
    section.spec.items.some((item) => keyOfRef(item) === key) ? withItems(section, compact(section.spec.items.filter((item) => keyOfRef(item) !== key))) : section,
  );
  return withSpec(document, { panels, layouts });
}

/** movePanel moves by columns, and by panels up and down; what is in the way makes room. */
export function movePanel(document: Document, key: string, dx: number, dy: number): Document {
  const place = placeOf(document, key);
  if (!place) return document;
  return mapSection(document, place.section, (section) => withItems(section, moveBy(section.spec.items, refOf(key), dx, dy)));
}

export function resizePanel(document: Document, key: string, dw: number, dh: number): Document {
  const place = placeOf(document, key);
  if (!place) return document;
  return mapSection(document, place.section, (section) => withItems(section, resizeBy(section.spec.items, refOf(key), dw, dh)));
}

/** arrange takes over the places that somebody gave the panels of a section by dragging. */
export function arrange(document: Document, index: number, places: ReadonlyMap<string, Omit<GridItem, "content">>): Document {
  const section = document.spec.layouts[index];
  if (!section) return document;
  const items = section.spec.items.map((item) => {
    const place = places.get(keyOfRef(item) ?? "");
    return place ? { ...item, x: place.x, y: place.y, width: place.width, height: place.height } : item;
  });
  const same = items.every((item, i) => {
    const before = section.spec.items[i]!;
    return item.x === before.x && item.y === before.y && item.width === before.width && item.height === before.height;
  });
  return same ? document : mapSection(document, index, (one) => withItems(one, items));
}

export function movePanelToSection(document: Document, key: string, target: number): Document {
  const place = placeOf(document, key);
  const section = document.spec.layouts[target];
  if (!place || !section || place.section === target) return document;
  const spot = freePlace(section.spec.items, place.item.width, place.item.height);
  const layouts = document.spec.layouts.map((one, i) => {
    if (i === place.section) return withItems(one, compact(one.spec.items.filter((item) => keyOfRef(item) !== key)));
    return i === target ? withItems(one, [...one.spec.items, { ...place.item, ...spot }]) : one;
  });
  return withSpec(document, { layouts });
}

export function addSection(document: Document, title: string): Document {
  const section: GridSection = { kind: "Grid", spec: { display: { title, collapse: { open: true } }, items: [] } };
  const [first, ...others] = document.spec.layouts;
  // A dashboard that is still empty begins with this section.
  const emptyStart = first && others.length === 0 && first.spec.items.length === 0 && !first.spec.display?.title;
  return withSpec(document, { layouts: emptyStart ? [section] : [...document.spec.layouts, section] });
}

export function updateSection(document: Document, index: number, title: string, open: boolean): Document {
  return mapSection(document, index, (section) => ({ ...section, spec: { ...section.spec, display: { title, collapse: { open } } } }));
}

export function moveSection(document: Document, index: number, by: -1 | 1): Document {
  const layouts = [...document.spec.layouts];
  const [section] = layouts.splice(index, 1);
  if (!section || index + by < 0 || index + by > layouts.length) return document;
  layouts.splice(index + by, 0, section);
  return withSpec(document, { layouts });
}

/** removeSection takes the head away; its panels go to the end of the section before it, or after. */
export function removeSection(document: Document, index: number): Document {
  const { layouts } = document.spec;
  const section = layouts[index];
  if (!section) return document;
  if (layouts.length === 1) return mapSection(document, index, ({ kind, spec }) => ({ kind, spec: { items: spec.items } }));
  const target = index === 0 ? 1 : index - 1;
  const into = layouts[target]!;
  const moved =
    index === 0
      ? [...section.spec.items, ...into.spec.items.map((item) => ({ ...item, y: item.y + bottomOf(section.spec.items) }))]
      : [...into.spec.items, ...section.spec.items.map((item) => ({ ...item, y: item.y + bottomOf(into.spec.items) }))];
  return withSpec(document, { layouts: layouts.map((one, i) => (i === target ? withItems(one, moved) : one)).filter((_, i) => i !== index) });
}

/**
 * tidy makes a document from elsewhere fit to be shown: items without a panel go, panels without
 * a place get one at the end, nothing is wider than the grid or over something else.
 */
export function tidy(document: Document): Document {
  const shown = new Set<string>();
  const panels = document.spec.panels ?? {};
  const layouts = (document.spec.layouts ?? []).map((section) => {
    const items = (section.spec.items ?? []).flatMap((item) => {
      const key = keyOfRef(item);
      if (key === undefined || shown.has(key) || !Object.hasOwn(panels, key)) return [];
      shown.add(key);
      const width = Math.min(Math.max(item.width, leastWidth), columns);
      return [{ ...item, width, height: Math.max(item.height, leastHeight), x: Math.min(Math.max(item.x, 0), columns - width), y: Math.max(item.y, 0) }];
    });
    return withItems(section, compact(items));
  });
  let result: Document = withSpec(document, { panels, layouts });
  for (const [key, panel] of Object.entries(panels)) {
    if (shown.has(key)) continue;
    const { [key]: _, ...others } = result.spec.panels;
    const added = addPanel(withSpec(result, { panels: others }), panel);
    // The panel keeps its key: a link may name it.
    result = withSpec(added.document, {
      panels: { ...result.spec.panels },
      layouts: added.document.spec.layouts.map((section) =>
        withItems(section, section.spec.items.map((item) => (keyOfRef(item) === added.key ? { ...item, content: { $ref: refOf(key) } } : item))),
      ),
    });
  }
  return result;
}
