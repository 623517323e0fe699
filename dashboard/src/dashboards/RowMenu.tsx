// What can be done with a dashboard of the list.

import { ActionIcon, Menu } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { getDashboard, type DashboardSummary } from "../api/dashboards";
import { Failure } from "../ui/Failure";
import { Modal } from "../ui/Modal";
import { useChangeSearch } from "../useChangeSearch";
import { exportDashboard, useDashboardActions } from "./actions";
import { DeleteDialog } from "./DeleteDialog";
import { DotsIcon } from "./icons";

export function RowMenu({ dashboard }: { dashboard: DashboardSummary }) {
  const { id, name, builtin } = dashboard;
  const { duplicate, open } = useDashboardActions();
  const change = useChangeSearch();
  const [deleting, setDeleting] = useState(false);
  const work = useMutation({ mutationFn: (act: () => Promise<unknown>) => act() });

  return (
    <>
      <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={24} aria-label={`Actions for ${name}`}>
            <DotsIcon />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!builtin && <Menu.Item onClick={() => open(id, true)}>Edit</Menu.Item>}
          <Menu.Item onClick={() => work.mutate(async () => open((await duplicate(id)).metadata.name, true))}>Duplicate</Menu.Item>
          <Menu.Item onClick={() => work.mutate(async () => exportDashboard(await getDashboard(id)))}>Export as JSON</Menu.Item>
          {!builtin && <Menu.Item onClick={() => setDeleting(true)}>Delete</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {deleting && <DeleteDialog id={id} name={name} onClose={() => setDeleting(false)} onDeleted={() => change({ deleted: id }, { replace: true })} />}
      <Modal title="That didn't work" opened={work.error !== null} onClose={() => work.reset()}>
        {work.error && <Failure error={work.error} />}
      </Modal>
    </>
  );
}
