// Saves the draft as a new version, with a word on why. When somebody else saved in the meantime,
// it says who, and lets one choose.

import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { ApiError } from "../api/client";
import { getDashboard, saveDashboard, type DashboardDocument } from "../api/dashboards";
import { Failure } from "../ui/Failure";
import { Modal } from "../ui/Modal";
import { ZoneTime } from "../ui/ZoneTime";
import { useChangeSearch } from "../useChangeSearch";
import { useDashboardActions } from "./actions";
import classes from "./dialogs.module.css";
import { editChange } from "./search";
import type { Draft } from "./useDraft";

interface Props {
  id: string;
  draft: Draft;
  saved: DashboardDocument;
  refetch: () => Promise<unknown>;
  onLeave: () => void;
  onClose: () => void;
}

export function SaveDialog({ id, draft, saved, refetch, onLeave, onClose }: Props) {
  const change = useChangeSearch();
  const { keep } = useDashboardActions();
  const [message, setMessage] = useState("");
  const saving = useMutation({
    mutationFn: (version: number | undefined) =>
      saveDashboard({ ...draft.document, metadata: { name: id, ...(version === undefined ? {} : { version }) } }, message.trim() || undefined),
    onSuccess: (document) => {
      onLeave();
      keep(document);
      change(editChange(false));
      onClose();
    },
  });
  const version = saved.metadata.version;
  const conflict = saving.error instanceof ApiError && saving.error.status === 409;

  if (conflict) {
    return (
      <Conflict
        id={id}
        busy={saving.isPending}
        onOverwrite={(newest) => saving.mutate(newest)}
        onReload={() => {
          onLeave();
          draft.reset();
          void refetch();
          onClose();
        }}
        onClose={onClose}
      />
    );
  }
  return (
    <Modal
      title="Save dashboard"
      opened
      onClose={onClose}
      onSubmit={() => saving.mutate(version)}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" type="submit" loading={saving.isPending}>
            Save
          </Button>
        </>
      }
    >
      <div className={classes.fields}>
        <TextInput
          size="xs"
          label="What changed"
          description="Shown in the list of versions. It can stay empty."
          maxLength={200}
          data-autofocus
          value={message}
          onChange={(event) => setMessage(event.currentTarget.value)}
        />
        {saving.error && <Failure error={saving.error} title="It was not saved" />}
      </div>
    </Modal>
  );
}

interface ConflictProps {
  id: string;
  busy: boolean;
  onOverwrite: (version: number | undefined) => void;
  onReload: () => void;
  onClose: () => void;
}

function Conflict({ id, busy, onOverwrite, onReload, onClose }: ConflictProps) {
  // Not the cached one: that is what the draft came from.
  const theirs = useQuery({ queryKey: ["dashboard-conflict", id], queryFn: ({ signal }) => getDashboard(id, signal), gcTime: 0 });
  const metadata = theirs.data?.metadata;
  return (
    <Modal
      title="Somebody else saved this dashboard"
      opened
      onClose={onClose}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Go on editing
          </Button>
          <Button size="xs" variant="default" onClick={onReload}>
            Reload, lose my changes
          </Button>
          <Button size="xs" loading={busy || theirs.isPending} disabled={!metadata} onClick={() => onOverwrite(metadata?.version)}>
            Overwrite
          </Button>
        </>
      }
    >
      <div className={classes.fields}>
        {theirs.error && <Failure error={theirs.error} title="Their version can't be loaded" onRetry={() => void theirs.refetch()} />}
        {metadata && (
          <p>
            <strong>{metadata.updatedBy || "Somebody"}</strong> saved version {metadata.version} at <ZoneTime value={metadata.updatedAt} />, after you began. If you overwrite it, their version stays in the list of
            versions.
          </p>
        )}
      </div>
    </Modal>
  );
}
