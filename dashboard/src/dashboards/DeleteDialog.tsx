// Asks before a dashboard is deleted.

import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { Failure } from "../ui/Failure";
import { Modal } from "../ui/Modal";
import { useDashboardActions } from "./actions";

interface Props {
  id: string;
  name: string;
  onClose: () => void;
  onDeleted?: () => void;
}

export function DeleteDialog({ id, name, onClose, onDeleted }: Props) {
  const { remove } = useDashboardActions();
  const deleting = useMutation({
    mutationFn: () => remove(id),
    onSuccess: () => {
      onClose();
      onDeleted?.();
    },
  });
  return (
    <Modal
      title={`Delete “${name}”?`}
      opened
      onClose={onClose}
      footer={
        <>
          <Button size="xs" variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button size="xs" color="red" className="danger" loading={deleting.isPending} onClick={() => deleting.mutate()}>
            Delete
          </Button>
        </>
      }
    >
      <p>It goes for everybody. It can be brought back for 30 days.</p>
      {deleting.error && <Failure error={deleting.error} title="It was not deleted" />}
    </Modal>
  );
}
