// A new dashboard: it needs a name, or it comes from elsewhere.

import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { Failure } from "../ui/Failure";
import { Modal } from "../ui/Modal";
import { useDashboardActions } from "./actions";
import classes from "./dialogs.module.css";

export function NewDashboard({ onClose, onImport }: { onClose: () => void; onImport: () => void }) {
  const { createEmpty, open } = useDashboardActions();
  const [name, setName] = useState("");
  const [tried, setTried] = useState(false);
  const missing = name.trim() === "";
  const creating = useMutation({ mutationFn: () => createEmpty(name.trim()), onSuccess: (document) => open(document.metadata.name, true) });

  return (
    <Modal
      title="New dashboard"
      opened
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (!missing) creating.mutate();
      }}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onImport}>
            Import instead
          </Button>
          <Button size="xs" type="submit" loading={creating.isPending}>
            Create
          </Button>
        </>
      }
    >
      <div className={classes.fields}>
        <TextInput size="xs" label="Name" placeholder="Checkout service" data-autofocus value={name} error={tried && missing ? "A dashboard needs a name" : undefined} onChange={(event) => setName(event.currentTarget.value)} />
        {creating.error && <Failure error={creating.error} title="It was not created" />}
      </div>
    </Modal>
  );
}
