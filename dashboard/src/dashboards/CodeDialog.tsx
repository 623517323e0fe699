// The dashboard as code: its document, to read, take along, or change by hand.

import { Button } from "@mantine/core";
import { useState } from "react";

import { QueryEditor } from "../editor/QueryEditor";
import { CopyButton } from "../ui/CopyButton";
import { Modal } from "../ui/Modal";
import { asJSON, exportDashboard } from "./actions";
import classes from "./dialogs.module.css";
import editorClasses from "./CodeDialog.module.css";
import { tidy } from "./operations";
import type { Draft } from "./useDraft";
import { readDocument, type Fault } from "./validate";

const loadJSON = () => import("@codemirror/lang-json").then(({ json }) => json());

export function CodeDialog({ draft, editing, onClose }: { draft: Draft; editing: boolean; onClose: () => void }) {
  const [text, setText] = useState(() => asJSON(draft.document));
  const [faults, setFaults] = useState<Fault[]>([]);

  function apply() {
    const read = readDocument(text);
    if ("faults" in read) {
      setFaults(read.faults);
      return;
    }
    // The id and the version are the server's.
    draft.change("Edit as code", (before) => tidy({ kind: "Dashboard", metadata: before.metadata, spec: read.document.spec }));
    onClose();
  }

  return (
    <Modal
      title="Dashboard as code"
      size="large"
      opened
      onClose={onClose}
      footer={
        <>
          <CopyButton value={text} label="Copy the document" text="Copy" size={30} />
          <Button size="xs" variant="default" onClick={() => exportDashboard(draft.document)}>
            Download
          </Button>
          {editing ? (
            <Button size="xs" onClick={apply}>
              Apply
            </Button>
          ) : (
            <Button size="xs" onClick={onClose}>
              Close
            </Button>
          )}
        </>
      }
    >
      <div className={classes.fields}>
        <p className={classes.hint}>{editing ? "JSON in the shape of Perses. Applied to the draft; nothing is saved before you save." : "JSON in the shape of Perses. Edit the dashboard to change it here."}</p>
        <div className={editorClasses.editor}>
          <QueryEditor value={text} onChange={setText} onRun={apply} language={loadJSON} label="Document of the dashboard" mode="text" readOnly={!editing} />
        </div>
        {faults.length > 0 && <Faults faults={faults} />}
      </div>
    </Modal>
  );
}

const mostFaults = 8;

function Faults({ faults }: { faults: Fault[] }) {
  return (
    <div className={editorClasses.faults} role="alert">
      <p>The document can't be applied:</p>
      <ul>
        {faults.slice(0, mostFaults).map(({ path, message }) => (
          <li key={path + message}>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
      {faults.length > mostFaults && <p>And {faults.length - mostFaults} more.</p>}
    </div>
  );
}
