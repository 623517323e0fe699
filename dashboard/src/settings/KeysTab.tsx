// The API keys of the organisation: who has one, for what, when it was used; new ones, and no more.

import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { keysQuery, revokeKey, type ApiKey } from "../api/keys";
import { formatDuration } from "../format/units";
import { useCommands } from "../ui/commands";
import { ConfirmButton } from "../ui/ConfirmButton";
import { DataTable, type Column } from "../ui/DataTable";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { PageLink } from "../ui/PageLink";
import { Panel } from "../ui/Panel";
import { useShortcut } from "../ui/shortcuts";
import { ZoneTime } from "../ui/ZoneTime";
import { AdminOnly } from "./AdminOnly";
import { CreateKey } from "./CreateKey";
import classes from "./settings.module.css";

export function KeysTab() {
  return (
    <AdminOnly what="API keys are">
      <Keys />
    </AdminOnly>
  );
}

function Keys() {
  const { data: keys, error, isPending, refetch } = useQuery(keysQuery);
  const [creating, setCreating] = useState(false);
  useShortcut("c", "Create an API key", () => setCreating(true));
  useCommands(useMemo(() => [{ id: "create-key", label: "Create an API key", hint: "c", run: () => setCreating(true) }], []));
  return (
    <Panel
      title="API keys"
      detail={keys && `${keys.length} of this organisation`}
      actions={
        <Button size="compact-xs" onClick={() => setCreating(true)}>
          Create a key
        </Button>
      }
    >
      <p className={classes.intro}>
        Programs send and ask with a key, people log in. <PageLink href="/send">Send data</PageLink> makes one for a program and shows how to use it.
      </p>
      {error && <Failure title="The keys can't be listed" error={error} onRetry={() => void refetch()} />}
      {isPending && <Loading />}
      {keys && <KeyTable keys={keys} />}
      <CreateKey opened={creating} onClose={() => setCreating(false)} />
    </Panel>
  );
}

function KeyTable({ keys }: { keys: ApiKey[] }) {
  const queryClient = useQueryClient();
  const revoke = async ({ id }: ApiKey) => {
    await revokeKey(id);
    await queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
  };
  const now = Date.now();
  const columns: Column<ApiKey>[] = [
    { id: "name", title: "Name", cell: ({ name }) => name, sortBy: ({ name }) => name },
    { id: "prefix", title: "Key", cell: ({ prefix }) => <code>{prefix}…</code>, sortBy: ({ prefix }) => prefix, optional: true },
    { id: "scopes", title: "May", cell: ({ scopes }) => scopes.toSorted().join(", "), sortBy: ({ scopes }) => scopes.join(), wrap: true },
    { id: "created", title: "Created", cell: (key) => <ZoneTime value={key.created_at} />, sortBy: (key) => Date.parse(key.created_at), optional: true },
    { id: "used", title: "Last used", cell: (key) => lastUsed(key, now), sortBy: (key) => key.last_used_at && Date.parse(key.last_used_at), hint: "Exact to a minute" },
    { id: "expires", title: "Expires", cell: (key) => (key.expires_at ? <ZoneTime value={key.expires_at} /> : "never"), sortBy: (key) => key.expires_at && Date.parse(key.expires_at), optional: true },
    {
      id: "revoke",
      title: "",
      number: true,
      cell: (key) => (
        <ConfirmButton
          label={`Revoke the key ${key.name}`}
          title={`Revoke the key ${key.name}?`}
          question={<p>Whoever uses it is refused at once, and it can't be brought back. {key.last_used_at ? `It was last used ${lastUsed(key, now)}.` : "It was never used."}</p>}
          confirm="Revoke"
          onConfirm={() => revoke(key)}
        >
          Revoke
        </ConfirmButton>
      ),
    },
  ];
  return (
    <DataTable
      label="API keys"
      columns={columns}
      rows={keys}
      rowKey={({ id }) => id}
      initialSort={{ column: "created", descending: true }}
      empty={<EmptyState title="There are no keys">Create one for each program that sends or asks, so that one can be revoked without the others.</EmptyState>}
    />
  );
}

function lastUsed({ last_used_at: used }: ApiKey, now: number): string {
  if (!used) return "never";
  const seconds = (now - Date.parse(used)) / 1000;
  return seconds < 120 ? "just now" : `${formatDuration(seconds)} ago`;
}
