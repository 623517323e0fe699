// Getting in: with a password, or with the one-time link that the server printed.

import { Button, Loader, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState, type FormEvent } from "react";

import { exchangeLink, login, meQuery } from "../api/auth";
import { ApiError } from "../api/client";
import { localPath, type LoginSearch } from "../search";
import { Logo } from "../ui/icons";
import classes from "./LoginPage.module.css";

export function LoginPage() {
  const { once, next }: LoginSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [linkError, setLinkError] = useState<string>();

  async function enter() {
    queryClient.removeQueries({ queryKey: meQuery.queryKey });
    await navigate({ href: localPath(next), replace: true });
  }

  useEffect(() => {
    if (!once) return undefined;
    let current = true;
    exchangeLink(once).then(
      () => (current ? enter() : undefined),
      (error: Error) => {
        if (!current) return;
        setLinkError(linkMessage(error));
        // The token is spent or worthless; it needn't stay in the address bar and the history.
        void navigate({ to: "/login", search: next ? { next } : {}, replace: true });
      },
    );
    return () => {
      current = false;
    };
    // The other values only matter when the exchange is over.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [once]);

  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <h1 className={classes.brand}>
          <Logo size={32} />
          Pharos
        </h1>
        {once && !linkError ? (
          <p className={classes.progress} role="status">
            <Loader size="xs" /> Logging in
          </p>
        ) : (
          <PasswordForm notice={linkError} onDone={enter} />
        )}
      </div>
    </main>
  );
}

function linkMessage(error: Error): string {
  if (error instanceof ApiError && error.status === 0) return error.message;
  return "This login link was used already, or is older than ten minutes. Log in with your password, or get a new link with: pharos admin login-link";
}

function PasswordForm({ notice, onDone }: { notice: string | undefined; onDone: () => Promise<void> }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const attempt = useMutation({
    mutationFn: () => login(email.trim(), password),
    onSuccess: onDone,
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    attempt.mutate();
  }

  const message = attempt.error ? passwordMessage(attempt.error) : notice;
  return (
    <form className={classes.form} onSubmit={submit}>
      {message && (
        <p className={classes.error} role="alert">
          {message}
        </p>
      )}
      <TextInput
        label="Email"
        type="email"
        name="email"
        autoComplete="username"
        required
        withAsterisk={false}
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Button type="submit" loading={attempt.isPending} fullWidth>
        Log in
      </Button>
      <p className={classes.hint}>
        First time here? The server printed a login link when it started. The first account is in <code>bootstrap.json</code> in its data folder.
      </p>
    </form>
  );
}

function passwordMessage(error: Error): string {
  if (error instanceof ApiError && error.status === 401) return "Email or password is wrong.";
  return error.message;
}
