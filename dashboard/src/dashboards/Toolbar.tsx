// What can be done with the dashboard that is open, in view and while it is edited.

import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";

import { Failure } from "../ui/Failure";
import { useCommands } from "../ui/commands";
import { Modal } from "../ui/Modal";
import { useShortcut } from "../ui/shortcuts";
import { SettingsIcon } from "../ui/icons";
import { useChangeSearch } from "../useChangeSearch";
import { exportDashboard, useDashboardActions } from "./actions";
import type { DialogState } from "./DashboardView";
import classes from "./DashboardView.module.css";
import { DotsIcon, EditIcon, PlusIcon, RedoIcon, UndoIcon } from "./icons";
import { editChange } from "./search";
import type { Draft } from "./useDraft";

interface Props {
  id: string;
  draft: Draft;
  editing: boolean;
  changeable: boolean;
  alone: boolean;
  onDialog: (dialog: DialogState) => void;
  /** The next change of the address is meant. */
  onLeave: () => void;
}

const group = "Dashboard";

export function Toolbar(props: Props) {
  return props.editing ? <EditBar {...props} /> : <ViewBar {...props} />;
}

function ViewBar({ id, draft, changeable, onDialog }: Props) {
  const change = useChangeSearch();
  const { duplicate, open } = useDashboardActions();
  const copying = useMutation({ mutationFn: () => duplicate(id), onSuccess: (copy) => open(copy.metadata.name, true) });
  const edit = () => change(editChange(true));
  useShortcut("e", "Edit the dashboard", edit, { group, enabled: changeable });
  useCommands(
    useMemo(
      () => [
        ...(changeable ? [{ id: "dashboard.edit", label: "Edit this dashboard", hint: "e", run: () => change(editChange(true)) }] : []),
        { id: "dashboard.code", label: "View this dashboard as code", keywords: "json", run: () => onDialog({ kind: "code" }) },
        { id: "dashboard.versions", label: "Versions of this dashboard", keywords: "history", run: () => onDialog({ kind: "versions" }) },
      ],
      [changeable, change, onDialog],
    ),
  );
  return (
    <div className={classes.tools}>
      {changeable ? (
        <Button size="xs" h={28} px={10} variant="default" leftSection={<EditIcon />} onClick={edit}>
          Edit
        </Button>
      ) : (
        <Button size="xs" h={28} px={10} variant="default" loading={copying.isPending} onClick={() => copying.mutate()} title="It came with Pharos and can't be changed; a copy can.">
          Duplicate to edit
        </Button>
      )}
      <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <ActionIcon variant="default" size={28} aria-label="More about this dashboard">
            <DotsIcon />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onDialog({ kind: "code" })}>View as code</Menu.Item>
          <Menu.Item onClick={() => exportDashboard(draft.document)}>Download as JSON</Menu.Item>
          {changeable && <Menu.Item onClick={() => onDialog({ kind: "versions" })}>Versions</Menu.Item>}
          <Menu.Item onClick={() => copying.mutate()}>Duplicate</Menu.Item>
          {changeable && (
            <>
              <Menu.Divider />
              <Menu.Item onClick={() => onDialog({ kind: "delete" })}>Delete</Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal title="That didn't work" opened={copying.error !== null} onClose={() => copying.reset()}>
        {copying.error && <Failure error={copying.error} />}
      </Modal>
    </div>
  );
}

function EditBar({ draft, onDialog, onLeave }: Props) {
  const change = useChangeSearch();
  const save = () => onDialog({ kind: "save" });
  const add = () => onDialog({ kind: "add" });
  const leave = () => {
    if (draft.dirty) onLeave();
    draft.reset();
    change(editChange(false));
  };
  useShortcut("mod+s", "Save the dashboard", () => draft.dirty && save(), { group, whileTyping: true });
  useShortcut("a", "Add a panel", add, { group });
  useShortcut("mod+z", "Undo", draft.undo, { group });
  useShortcut(["mod+shift+z", "mod+y"], "Redo", draft.redo, { group });
  return (
    <div className={classes.editing} role="toolbar" aria-label="Editing">
      <strong>Editing</strong>
      <Button size="xs" h={28} px={10} leftSection={<PlusIcon />} variant="default" onClick={add}>
        Add panel
      </Button>
      <Button size="xs" h={28} px={10} variant="default" onClick={() => onDialog({ kind: "section" })}>
        Add section
      </Button>
      <Tool label="Settings" onClick={() => onDialog({ kind: "settings" })}>
        <SettingsIcon />
      </Tool>
      <Button size="xs" h={28} px={10} variant="default" onClick={() => onDialog({ kind: "code" })}>
        Code
      </Button>
      <Tool label={draft.undoLabel ? `Undo: ${draft.undoLabel}` : "Nothing to undo"} disabled={draft.undoLabel === undefined} onClick={draft.undo}>
        <UndoIcon />
      </Tool>
      <Tool label={draft.redoLabel ? `Redo: ${draft.redoLabel}` : "Nothing to redo"} disabled={draft.redoLabel === undefined} onClick={draft.redo}>
        <RedoIcon />
      </Tool>
      <span className={classes.push} />
      <Button size="xs" h={28} px={10} variant="default" onClick={leave}>
        {draft.dirty ? "Discard" : "Done"}
      </Button>
      <Button size="xs" h={28} px={12} disabled={!draft.dirty} onClick={save}>
        Save
      </Button>
    </div>
  );
}

function Tool({ label, disabled = false, onClick, children }: { label: string; disabled?: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label} openDelay={300}>
      <ActionIcon variant="default" size={28} aria-label={label} {...(disabled ? { "data-disabled": true } : {})} aria-disabled={disabled} onClick={() => !disabled && onClick()}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
