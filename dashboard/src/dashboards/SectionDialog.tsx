// The title of a section, and whether it begins open.

import { Button, Checkbox, TextInput } from "@mantine/core";
import { useState } from "react";

import type { GridSection } from "../api/dashboards";
import { Modal } from "../ui/Modal";
import classes from "./dialogs.module.css";
import { sectionTitle, startsOpen } from "./document";

interface Props {
  /** Undefined for a new one. */
  section: GridSection | undefined;
  onSave: (title: string, open: boolean) => void;
  onClose: () => void;
}

export function SectionDialog({ section, onSave, onClose }: Props) {
  const [title, setTitle] = useState(section ? sectionTitle(section) : "");
  const [open, setOpen] = useState(section ? startsOpen(section) : true);
  return (
    <Modal
      title={section ? "Section" : "Add section"}
      opened
      onClose={onClose}
      onSubmit={() => onSave(title.trim() || "Section", open)}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" type="submit">
            {section ? "Apply" : "Add"}
          </Button>
        </>
      }
    >
      <div className={classes.fields}>
        <TextInput size="xs" label="Title" placeholder="Section" data-autofocus value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
        <Checkbox size="xs" label="Open when the dashboard is opened" checked={open} onChange={(event) => setOpen(event.currentTarget.checked)} />
      </div>
    </Modal>
  );
}
