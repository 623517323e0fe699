// A new API key: for what, for how long; and then the key itself, once.

import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { createKey, keysQuery, type Scope } from "../api/keys";
import { Choice } from "../ui/Choice";
import { CopyButton } from "../ui/CopyButton";
import { Failure } from "../ui/Failure";
import { Modal } from "../ui/Modal";
import classes from "./settings.module.css";

const scopes: readonly { scope: Scope; text: string }[] = [
  { scope: "ingest", text: "Send metrics and logs" },
  { scope: "query", text: "Ask for metrics, logs and dashboards" },
  { scope: "admin", text: "Everything, also keys and deletion" },
];

const lifetimes = [
  { value: "", label: "Never" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "365", label: "A year" },
] as const;

type Lifetime = (typeof lifetimes)[number]["value"];

/** expiry is when a key ends that lives for so many days; nothing for one that doesn't. */
export function expiry(days: string, now: number): string | undefined {
  return days === "" ? undefined : new Date(now + Number(days) * 86_400_000).toISOString();
}

interface Props {
  opened: boolean;
  onClose: () => void;
}

export function CreateKey({ opened, onClose }: Props) {
  return opened ? <Form onClose={onClose} /> : null;
}

function Form({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<Scope[]>(["ingest"]);
  const [days, setDays] = useState<Lifetime>("");
  const [tried, setTried] = useState(false);
  const make = useMutation({
    mutationFn: () => {
      const end = expiry(days, Date.now());
      return createKey({ name: name.trim(), scopes: chosen, ...(end ? { expires_at: end } : {}) });
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });

  function submit() {
    setTried(true);
    if (name.trim() !== "" && chosen.length > 0 && !make.isPending) make.mutate();
  }

  if (make.data) return <Made name={make.data.name} value={make.data.key} onClose={onClose} />;
  return (
    <Modal
      title="Create an API key"
      opened
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" type="submit" loading={make.isPending}>
            Create
          </Button>
        </>
      }
    >
      <div className={classes.form}>
        <TextInput size="xs" label="Name" description="The program that will use it" data-autofocus maxLength={100} value={name} error={tried && name.trim() === "" ? "A key needs a name" : undefined} onChange={(event) => setName(event.currentTarget.value)} />
        <fieldset className={classes.scopes}>
          <legend>It may</legend>
          {scopes.map(({ scope, text }) => (
            <label key={scope}>
              <input
                type="checkbox"
                checked={chosen.includes(scope)}
                onChange={(event) => setChosen(event.currentTarget.checked ? [...chosen, scope] : chosen.filter((other) => other !== scope))}
              />
              <span>{scope}</span>
              <span className="muted">{text}</span>
            </label>
          ))}
          {tried && chosen.length === 0 && <p className={classes.fault}>Choose at least one</p>}
        </fieldset>
        <div>
          <p className={classes.label}>It expires</p>
          <Choice label="It expires" options={lifetimes} value={days} onChange={setDays} />
        </div>
        {make.error && <Failure title="The key was not created" error={make.error} />}
      </div>
    </Modal>
  );
}

function Made({ name, value, onClose }: { name: string; value: string; onClose: () => void }) {
  return (
    <Modal
      title={`The key ${name}`}
      opened
      onClose={onClose}
      footer={
        <Button size="xs" onClick={onClose} data-autofocus>
          Done
        </Button>
      }
    >
      <div className={classes.form} role="status">
        <p>It is shown only now. Keep it where the program finds it, and nowhere else.</p>
        <div className={classes.secret}>
          <code>{value}</code>
          <CopyButton value={value} label="Copy the key" />
        </div>
      </div>
    </Modal>
  );
}
