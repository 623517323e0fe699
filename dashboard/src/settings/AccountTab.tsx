// Who you are here, and your password.

import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { changePassword, meQuery } from "../api/auth";
import { ApiError } from "../api/client";
import { CopyButton } from "../ui/CopyButton";
import { Failure } from "../ui/Failure";
import { Panel } from "../ui/Panel";
import classes from "./settings.module.css";

/** The shortest password that the server takes. */
const shortest = 10;

export function AccountTab() {
  const { data: me } = useQuery(meQuery);
  return (
    <div className={classes.narrow}>
      <Panel title="You">
        <dl className={classes.facts}>
          <div>
            <dt>Logged in as</dt>
            <dd>{me?.name}</dd>
          </div>
          <div>
            <dt>You may</dt>
            <dd>{me?.scopes.toSorted().join(", ")}</dd>
          </div>
          <div>
            <dt>Organisation</dt>
            <dd className={classes.copied}>
              <code>{me?.org_id}</code>
              {me && <CopyButton value={me.org_id} label="Copy the organisation's id" size={22} />}
            </dd>
          </div>
        </dl>
      </Panel>
      <Panel title="Password">
        <PasswordForm name={me?.name ?? ""} />
      </Panel>
    </div>
  );
}

interface Fields {
  current: string;
  next: string;
  again: string;
}

const empty: Fields = { current: "", next: "", again: "" };

/** faultsOf says what is wrong with a new password before the server is asked. */
export function faultsOf({ current, next, again }: Fields): Partial<Fields> {
  if (current === "") return { current: "Needed, so that nobody else changes it" };
  if (next.length < shortest) return { next: `At least ${shortest} characters` };
  if (next === current) return { next: "The same as before" };
  return next === again ? {} : { again: "Not the same" };
}

function PasswordForm({ name }: { name: string }) {
  const [fields, setFields] = useState(empty);
  const [tried, setTried] = useState(false);
  const change = useMutation({
    mutationFn: () => changePassword(fields.current, fields.next),
    onSuccess: () => {
      setFields(empty);
      setTried(false);
    },
  });
  const faults = tried ? faultsOf(fields) : {};
  const field = (key: keyof Fields, label: string, autoComplete: string) => (
    <PasswordInput
      size="xs"
      label={label}
      autoComplete={autoComplete}
      value={fields[key]}
      error={faults[key]}
      onChange={(event) => {
        const { value } = event.currentTarget;
        if (change.isSuccess) change.reset();
        setFields((before) => ({ ...before, [key]: value }));
      }}
    />
  );

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (Object.keys(faultsOf(fields)).length === 0 && !change.isPending) change.mutate();
  }

  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      {/* Password managers file what is entered under this name. */}
      <input className="visually-hidden" type="text" autoComplete="username" value={name} readOnly tabIndex={-1} aria-hidden="true" />
      {field("current", "Current password", "current-password")}
      {field("next", "New password", "new-password")}
      {field("again", "New password again", "new-password")}
      {change.error && <Failure title="The password stays as it was" error={explain(change.error)} />}
      {change.isSuccess && (
        <p className={classes.done} role="status">
          The password is changed. Your other logins have ended.
        </p>
      )}
      <div className={classes.submit}>
        <p className="muted">Changing it ends all your other logins.</p>
        <Button size="xs" type="submit" loading={change.isPending}>
          Change the password
        </Button>
      </div>
    </form>
  );
}

function explain(error: Error): Error {
  return error instanceof ApiError && error.message.startsWith("current_password") ? new Error("The current password is wrong.") : error;
}
