// The dialogs over a dashboard, in a chunk of their own.

import { useRouter } from "@tanstack/react-router";

import type { DashboardDocument } from "../api/dashboards";
import { CodeDialog } from "./CodeDialog";
import type { DialogState } from "./DashboardView";
import { DeleteDialog } from "./DeleteDialog";
import { PanelEditor } from "./editor/PanelEditor";
import ImportDialog from "./ImportDialog";
import { addSection, updateSection } from "./operations";
import { SaveDialog } from "./SaveDialog";
import { SectionDialog } from "./SectionDialog";
import { SettingsDialog } from "./SettingsDialog";
import type { Draft } from "./useDraft";
import { VersionsDialog } from "./VersionsDialog";

interface Props {
  id: string;
  dialog: NonNullable<DialogState>;
  draft: Draft;
  saved: DashboardDocument;
  editing: boolean;
  setDialog: (dialog: DialogState) => void;
  refetch: () => Promise<unknown>;
  onLeave: () => void;
}

export default function Dialogs({ id, dialog, draft, saved, editing, setDialog, refetch, onLeave }: Props) {
  const router = useRouter();
  const close = () => setDialog(undefined);
  const { document, change } = draft;
  switch (dialog.kind) {
    case "add":
      return <PanelEditor draft={draft} section={dialog.section} onClose={close} />;
    case "panel":
      return <PanelEditor key={dialog.key} draft={draft} panelKey={dialog.key} onClose={close} />;
    case "section":
      return (
        <SectionDialog
          section={dialog.index === undefined ? undefined : document.spec.layouts[dialog.index]}
          onClose={close}
          onSave={(title, open) => {
            const { index } = dialog;
            change(index === undefined ? "Add section" : "Change section", (before) => {
              if (index !== undefined) return updateSection(before, index, title, open);
              const grown = addSection(before, title);
              return updateSection(grown, grown.spec.layouts.length - 1, title, open);
            });
            close();
          }}
        />
      );
    case "settings":
      return <SettingsDialog draft={draft} onClose={close} />;
    case "code":
      return <CodeDialog draft={draft} editing={editing} onClose={close} />;
    case "versions":
      return <VersionsDialog id={id} document={document} onClose={close} />;
    case "save":
      return <SaveDialog id={id} draft={draft} saved={saved} refetch={refetch} onLeave={onLeave} onClose={close} />;
    case "delete":
      return <DeleteDialog id={id} name={document.spec.display.name} onClose={close} onDeleted={() => router.history.push(`/dashboards?deleted=${encodeURIComponent(id)}`)} />;
    case "import":
      return <ImportDialog onClose={close} />;
  }
}
