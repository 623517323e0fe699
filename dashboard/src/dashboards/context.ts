// What the parts of a dashboard's page share: its document, what variables stand for, and what
// can be done with a panel.

import { createContext, use } from "react";

import type { DashboardDocument, Panel } from "../api/dashboards";
import type { VariableValues } from "../query/variables";

export interface PanelActions {
  viewAlone: (key: string) => void;
  edit: (key: string) => void;
  duplicate: (key: string) => void;
  remove: (key: string) => void;
  move: (key: string, dx: number, dy: number) => void;
  resize: (key: string, dw: number, dh: number) => void;
  toSection: (key: string, section: number) => void;
}

export interface DashboardContextValue {
  document: DashboardDocument;
  /** Undefined while they are not known: panels wait. */
  values: VariableValues | undefined;
  editing: boolean;
  /** Somebody may change it: it is not ready-made and no old version. */
  changeable: boolean;
  actions: PanelActions;
}

export const DashboardContext = createContext<DashboardContextValue | undefined>(undefined);

export function useDashboard(): DashboardContextValue {
  const value = use(DashboardContext);
  if (!value) throw new Error("useDashboard needs a DashboardContext above it");
  return value;
}

export interface PanelProps {
  panel: Panel;
  values: VariableValues;
  /** In sight: it may ask the server. */
  visible: boolean;
  width: number;
  height: number;
  /** Says what the head of the panel shows beside the title. */
  onNotice?: ((notice: PanelNotice | undefined) => void) | undefined;
}

export interface PanelNotice {
  /** Such as "50 of 320 series". */
  capped?: string;
  more?: () => void;
  problems?: string[];
  fetching?: boolean;
}
