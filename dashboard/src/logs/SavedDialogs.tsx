// Dialogs of saved searches.

import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changeSavedSearch, createSavedSearch, deleteSavedSearch, savedSearchesQuery, type SavedSearch } from "../api/savedSearches";
import { ConfirmButton } from "../ui/ConfirmButton";
import { Failure } from "../ui/Failure";
import { Modal } from "../ui/Modal";
import classes from "./Menus.module.css";
import type { LogsSearch } from "./search";

/** useSaved asks for the list again after a change. */
function useSaved(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: savedSearchesQuery.queryKey });
}

interface SaveProps {
  search: LogsSearch;
  searches: readonly SavedSearch[];
  onClose: () => void;
}

export function SaveDialog({ search, searches, onClose }: SaveProps) {
  const [name, setName] = useState("");
  const changed = useSaved();
  const { query, columns } = search;
  const same = searches.find((other) => other.name === name.trim());
  const saving = useMutation({
    mutationFn: () => {
      const draft = { name: name.trim(), query, columns: [...columns] };
      return same ? changeSavedSearch(same.id, draft) : createSavedSearch(draft);
    },
    onSuccess: async () => {
      await changed();
      onClose();
    },
  });
  return (
    <Modal
      title="Save this search"
      opened
      onClose={onClose}
      onSubmit={() => name.trim() !== "" && saving.mutate()}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" type="submit" loading={saving.isPending} disabled={name.trim() === ""}>
            {same ? "Replace" : "Save"}
          </Button>
        </>
      }
    >
      <TextInput size="xs" label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus maxLength={200} />
      <p className={classes.kept}>
        Keeps the filter <code>{query || "every line"}</code>
        {columns.length > 0 && <> and the columns {columns.join(", ")}</>}. {same && "The search of this name is replaced."}
      </p>
      {saving.isError && <Failure error={saving.error} />}
    </Modal>
  );
}

interface ManageProps extends SaveProps {
  onOpen: (query: string, columns: readonly string[]) => void;
}

export function ManageDialog({ search, searches, onClose, onOpen }: ManageProps) {
  return (
    <Modal title="Saved searches" opened onClose={onClose} size="medium">
      <ul className={classes.manage}>
        {searches.map((saved) => (
          <Entry key={saved.id} saved={saved} search={search} onOpen={() => {
            onOpen(saved.query ?? "", saved.columns ?? []);
            onClose();
          }} />
        ))}
      </ul>
      {searches.length === 0 && <p className="muted">No search is saved any more.</p>}
    </Modal>
  );
}

function Entry({ saved, search, onOpen }: { saved: SavedSearch; search: LogsSearch; onOpen: () => void }) {
  const [name, setName] = useState(saved.name);
  const changed = useSaved();
  const change = useMutation({
    mutationFn: (draft: { name: string; query: string; columns: string[] }) => changeSavedSearch(saved.id, draft),
    onSuccess: changed,
  });
  const renamed = name.trim() !== saved.name && name.trim() !== "";
  return (
    <li>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (renamed) change.mutate({ name: name.trim(), query: saved.query ?? "", columns: [...(saved.columns ?? [])] });
        }}
      >
        <TextInput size="xs" aria-label={`Name of ${saved.name}`} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={200} />
        <Button size="compact-xs" variant="default" type="submit" disabled={!renamed} loading={change.isPending}>
          Rename
        </Button>
        <Button size="compact-xs" variant="default" onClick={onOpen} aria-label={`Open ${saved.name}`}>
          Open
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          title="Keep what the page shows now under this name"
          aria-label={`Replace ${saved.name} with this search`}
          onClick={() => change.mutate({ name: saved.name, query: search.query, columns: [...search.columns] })}
        >
          Replace
        </Button>
        <ConfirmButton
          label={`Delete ${saved.name}`}
          title="Delete the saved search"
          question={<p>“{saved.name}” will be gone for everybody. The log lines stay.</p>}
          confirm="Delete"
          onConfirm={async () => {
            await deleteSavedSearch(saved.id);
            await changed();
          }}
        >
          Delete
        </ConfirmButton>
      </form>
      <code title={saved.query}>{saved.query || "every line"}</code>
      {change.isError && <Failure error={change.error} />}
    </li>
  );
}
