// Brings a dashboard from Perses or Grafana: first what would come of it, panel by panel, then
// it is saved.

import { Button, FileButton, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type DragEvent } from "react";

import { importDashboard, type ImportLine, type ImportResult } from "../api/dashboards";
import { Failure } from "../ui/Failure";
import { Modal } from "../ui/Modal";
import { useDashboardActions } from "./actions";
import classes from "./dialogs.module.css";

/** parseJSON reads a document, or says where it stops being one. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`This is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

export default function ImportDialog({ onClose }: { onClose: () => void }) {
  const { keep, open } = useDashboardActions();
  const [text, setText] = useState("");
  const checking = useMutation({ mutationFn: async () => importDashboard(parseJSON(text), true) });
  const saving = useMutation({
    mutationFn: async () => importDashboard(parseJSON(text), false),
    onSuccess: ({ dashboard }) => open(keep(dashboard).metadata.name),
  });
  const checked = checking.data;

  if (checked) {
    return (
      <Modal
        title={`Import “${checked.dashboard.spec.display.name}”`}
        size="large"
        opened
        onClose={onClose}
        onSubmit={() => saving.mutate()}
        footer={
          <>
            <Button size="xs" variant="default" onClick={() => checking.reset()}>
              Back
            </Button>
            <Button size="xs" type="submit" loading={saving.isPending} data-autofocus>
              Save dashboard
            </Button>
          </>
        }
      >
        <Report result={checked} />
        {saving.error && <Failure error={saving.error} title="It was not saved" />}
      </Modal>
    );
  }
  return (
    <Modal
      title="Import a dashboard"
      size="medium"
      opened
      onClose={onClose}
      onSubmit={() => text.trim() !== "" && checking.mutate()}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" type="submit" loading={checking.isPending} disabled={text.trim() === ""}>
            Check
          </Button>
        </>
      }
    >
      <Source text={text} onText={setText} />
      {checking.error && <Failure error={checking.error} title="It can't be imported" />}
    </Modal>
  );
}

function Source({ text, onText }: { text: string; onText: (text: string) => void }) {
  const [over, setOver] = useState(false);
  const read = (file: File | null | undefined) => void file?.text().then(onText);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    read(event.dataTransfer.files[0]);
  };
  return (
    <div className={classes.fields}>
      <div className={classes.drop} data-over={over} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={drop}>
        <p>A dashboard of Perses or Grafana, as JSON. Nothing is saved before you have seen what can be carried over.</p>
        <FileButton accept="application/json,.json" onChange={read}>
          {(props) => (
            <Button {...props} size="xs" variant="default" data-autofocus>
              Choose a file
            </Button>
          )}
        </FileButton>
      </div>
      <Textarea className={classes.area ?? ""} size="xs" label="Or paste it here" rows={10} spellCheck={false} value={text} onChange={(event) => onText(event.currentTarget.value)} />
    </div>
  );
}

const words: Record<ImportLine["status"], string> = { carried: "Carried", partly: "Partly", dropped: "Dropped" };

/** summaryOf says in a line how much came over. */
export function summaryOf(report: readonly ImportLine[]): string {
  const count = (status: ImportLine["status"]) => report.filter((line) => line.status === status).length;
  if (report.length === 0) return "There are no panels in it.";
  const parts = [`${count("carried")} of ${report.length} panels carried over`];
  if (count("partly") > 0) parts.push(`${count("partly")} partly`);
  if (count("dropped") > 0) parts.push(`${count("dropped")} dropped`);
  return `${parts.join(", ")}.`;
}

function Report({ result }: { result: ImportResult }) {
  const report = result.report ?? [];
  return (
    <div className={classes.fields}>
      <p>{summaryOf(report)}</p>
      {report.length > 0 && (
        <div className={classes.scroll} tabIndex={0} role="group" aria-label="Report of the import">
          <table className={classes.report}>
            <thead>
              <tr>
                <th scope="col">Panel</th>
                <th scope="col">Result</th>
                <th scope="col">What changes</th>
              </tr>
            </thead>
            <tbody>
              {report.map((line, i) => (
                <tr key={i}>
                  <th scope="row">{line.panel}</th>
                  <td className={classes.status} data-status={line.status}>
                    {words[line.status] ?? line.status}
                  </td>
                  <td>{line.message ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
