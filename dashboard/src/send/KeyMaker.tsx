// Makes an API key that may only send, and shows it once: in the snippets and here.

import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { meQuery } from "../api/auth";
import { createKey, keysQuery } from "../api/keys";
import { CopyButton } from "../ui/CopyButton";
import { Failure } from "../ui/Failure";
import classes from "./SendPage.module.css";

interface Props {
  /** What the key is for. */
  name: string;
  value: string | undefined;
  onKey: (key: string | undefined) => void;
}

export function KeyMaker({ name, value, onKey }: Props) {
  const { data: me } = useQuery(meQuery);
  const queryClient = useQueryClient();
  const make = useMutation({
    mutationFn: () => createKey({ name, scopes: ["ingest"] }),
    onSuccess: ({ key }) => {
      onKey(key);
      void queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  const mayCreate = me?.scopes.includes("admin") ?? false;

  if (make.data && value === make.data.key) {
    return (
      <div className={classes.made} role="status">
        <p>
          The key <strong>{make.data.name}</strong> is in the snippets below. It is shown only now: keep it where the program finds it.
        </p>
        <div className={classes.key}>
          <code>{value}</code>
          <CopyButton value={value} label="Copy the key" />
        </div>
      </div>
    );
  }
  return (
    <div className={classes.maker}>
      <PasswordInput
        size="xs"
        label="API key"
        description={mayCreate ? "Paste one you have, or create one that may only send" : "Paste one with the scope ingest; an administrator creates it in Settings"}
        value={value ?? ""}
        autoComplete="off"
        onChange={(event) => onKey(event.currentTarget.value.trim() || undefined)}
      />
      {mayCreate && (
        <Button size="xs" loading={make.isPending} onClick={() => make.mutate()}>
          Create a key
        </Button>
      )}
      {make.error && <Failure title="The key was not created" error={make.error} />}
    </div>
  );
}
