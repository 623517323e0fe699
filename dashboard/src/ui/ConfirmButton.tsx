// A button for what can't be taken back: it asks first.

import { Button, type ButtonProps } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { Failure } from "./Failure";
import { Modal } from "./Modal";

interface Props extends Pick<ButtonProps, "size" | "variant" | "disabled"> {
  /** The text of the button that opens the question. */
  children: ReactNode;
  /** The button's name when its text doesn't say enough: "Revoke the key ci". */
  label?: string;
  title: string;
  /** What will happen. */
  question: ReactNode;
  /** The text of the button that does it: "Revoke". */
  confirm: string;
  onConfirm: () => Promise<unknown> | void;
}

export function ConfirmButton({ children, label, title, question, confirm, onConfirm, size = "compact-xs", variant = "default", disabled = false }: Props) {
  const [opened, setOpened] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();

  function close() {
    setOpened(false);
    setError(undefined);
  }

  async function act() {
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      close();
    } catch (fault) {
      setError(fault instanceof Error ? fault : new Error(String(fault)));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <Button size={size} variant={variant} disabled={disabled} onClick={() => setOpened(true)} {...(label ? { "aria-label": label } : {})}>
        {children}
      </Button>
      <Modal
        title={title}
        opened={opened}
        onClose={close}
        footer={
          <>
            <Button size="xs" variant="default" onClick={close} data-autofocus>
              Cancel
            </Button>
            <Button size="xs" color="red" loading={busy} onClick={() => void act()}>
              {confirm}
            </Button>
          </>
        }
      >
        {question}
        {error && <Failure error={error} />}
      </Modal>
    </>
  );
}
