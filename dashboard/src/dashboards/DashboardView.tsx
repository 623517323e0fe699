// A dashboard: its variables, its sections of panels, and its editing.

import { useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";

import type { DashboardDocument } from "../api/dashboards";
import { duration, parseDuration, type VariableValues } from "../query/variables";
import { PageTitle } from "../shell/title";
import { Loading } from "../ui/Loading";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { AlonePanel } from "./AlonePanel";
import { DashboardContext, type DashboardContextValue } from "./context";
import classes from "./DashboardView.module.css";
import { isBuiltin, startsOpen } from "./document";
import { EmptyDashboard } from "./EmptyDashboard";
import { useLeaveGuard } from "./LeaveGuard";
import { duplicatePanel, movePanel, movePanelToSection, removePanel, resizePanel } from "./operations";
import { editChange, panelChange, parseDashboardSearch, sectionsChange } from "./search";
import { Section } from "./Section";
import { Title } from "./Title";
import { Toolbar } from "./Toolbar";
import { useDraft, type Draft } from "./useDraft";
import { useSectionActions } from "./useSectionActions";
import { useVariables } from "./useVariables";
import { VariablesBar } from "./VariablesBar";
import { VersionBanner } from "./VersionBanner";

const Dialogs = lazy(() => import("./Dialogs"));

/** What is open over the dashboard. */
export type DialogState =
  | { kind: "add"; section?: number }
  | { kind: "panel"; key: string }
  | { kind: "section"; index?: number }
  | { kind: "settings" }
  | { kind: "code" }
  | { kind: "versions" }
  | { kind: "save" }
  | { kind: "delete" }
  | { kind: "import" }
  | undefined;

interface Props {
  id: string;
  saved: DashboardDocument;
  /** The older version that is shown. */
  version: number | undefined;
  refetch: () => Promise<unknown>;
}

export function DashboardView({ id, saved, version, refetch }: Props) {
  const raw: PageSearch = useSearch({ strict: false });
  const search = useMemo(() => parseDashboardSearch(raw), [raw]);
  const change = useChangeSearch();
  const changeable = version === undefined && !isBuiltin(id);
  const editing = changeable && search.editing;
  const draft = useDraft(saved);
  const { document } = draft;
  const [dialog, setDialog] = useState<DialogState>();
  const ready = useStartTime(document, raw);
  const variables = useVariables(document.spec.variables ?? [], search.variables);
  const guard = useLeaveGuard(editing && draft.dirty, () => setDialog({ kind: "save" }));
  const context = useContextValue({ document, draft, editing, changeable, values: useNamed(variables.resolved?.values, id), setDialog });
  const sectionActions = useSectionActions(draft, setDialog);
  const alone = search.panel === undefined ? undefined : document.spec.panels[search.panel];
  const empty = Object.keys(document.spec.panels).length === 0;

  return (
    <DashboardContext value={context}>
      <PageTitle text={document.spec.display.name}>
        <Title name={document.spec.display.name} description={document.spec.display.description} />
      </PageTitle>
      <div className={classes.page}>
        <div className={classes.bar}>
          {variables.resolved && <VariablesBar states={variables.resolved.states} />}
          <Toolbar id={id} draft={draft} editing={editing} changeable={changeable} alone={alone !== undefined} onDialog={setDialog} onLeave={guard.letGo} />
        </div>
        {version !== undefined && <VersionBanner id={id} version={version} saved={saved} builtin={isBuiltin(id)} />}
        {editing && (
          <p id="arrange-help" className="visually-hidden">
            Arrow keys move the panel, with Shift they resize it.
          </p>
        )}
        {!ready ? (
          <Loading rows={6} label="Loading the dashboard" />
        ) : alone && search.panel ? (
          <AlonePanel panelKey={search.panel} panel={alone} />
        ) : empty ? (
          <EmptyDashboard changeable={changeable} onDialog={setDialog} onEdit={() => change(editChange(true))} />
        ) : (
          <div className={classes.sections}>
            {document.spec.layouts.map((section, index) => {
              const open = startsOpen(section) !== search.toggled.includes(index);
              const toggle = () => change(sectionsChange(search.toggled.includes(index) ? search.toggled.filter((one) => one !== index) : [...search.toggled, index]), { replace: true });
              return <Section key={index} section={section} index={index} open={open} onToggle={toggle} actions={sectionActions} />;
            })}
          </div>
        )}
      </div>
      {guard.dialog}
      {dialog && (
        <Suspense fallback={null}>
          <Dialogs id={id} dialog={dialog} draft={draft} saved={saved} editing={editing} setDialog={setDialog} refetch={refetch} onLeave={guard.letGo} />
        </Suspense>
      )}
    </DashboardContext>
  );
}

/** useNamed adds the dashboard's own id to what variables stand for. */
function useNamed(values: VariableValues | undefined, id: string): VariableValues | undefined {
  return useMemo(() => values && { ...values, __dashboard: { values: [id] } }, [values, id]);
}

/** useStartTime opens the dashboard with its own time, unless the address has one; true once it has. */
function useStartTime(document: DashboardDocument, search: PageSearch): boolean {
  const change = useChangeSearch();
  const wanted = parseDuration(document.spec.duration);
  const every = parseDuration(document.spec.refreshInterval);
  const ready = search["from"] !== undefined || wanted === undefined || wanted <= 0;
  useEffect(() => {
    if (ready || wanted === undefined) return;
    const refresh = every !== undefined && every > 0 && search["refresh"] === undefined ? { refresh: duration(Math.round(every)) } : {};
    change({ from: `now-${duration(Math.round(wanted))}`, to: "now", ...refresh }, { replace: true });
  }, [ready, wanted, every, change, search]);
  return ready;
}

interface ContextParts {
  document: DashboardDocument;
  draft: Draft;
  editing: boolean;
  changeable: boolean;
  values: DashboardContextValue["values"];
  setDialog: (dialog: DialogState) => void;
}

function useContextValue({ document, draft, editing, changeable, values, setDialog }: ContextParts): DashboardContextValue {
  const change = useChangeSearch();
  const latest = useRef({ editing, draft });
  useEffect(() => {
    latest.current = { editing, draft };
  });
  const actions = useMemo(() => {
    const edit = (label: string, make: (document: DashboardDocument) => DashboardDocument, join = false) => {
      if (!latest.current.editing) change(editChange(true));
      latest.current.draft.change(label, make, join);
    };
    return {
      viewAlone: (key: string) => change(panelChange(key)),
      edit: (key: string) => {
        if (!latest.current.editing) change(editChange(true));
        setDialog({ kind: "panel", key });
      },
      duplicate: (key: string) => edit("Duplicate panel", (before) => duplicatePanel(before, key)?.document ?? before),
      remove: (key: string) => edit("Delete panel", (before) => removePanel(before, key)),
      move: (key: string, dx: number, dy: number) => edit(`Move ${key}`, (before) => movePanel(before, key, dx, dy), true),
      resize: (key: string, dw: number, dh: number) => edit(`Resize ${key}`, (before) => resizePanel(before, key, dw, dh), true),
      toSection: (key: string, section: number) => edit("Move panel to a section", (before) => movePanelToSection(before, key, section)),
    };
  }, [change, setDialog]);
  return useMemo(() => ({ document, values, editing, changeable, actions }), [document, values, editing, changeable, actions]);
}
