// Says that a dashboard was deleted, and brings it back.

import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { listVersions, restoreVersion } from "../api/dashboards";
import { Failure } from "../ui/Failure";
import { useChangeSearch } from "../useChangeSearch";
import { useDashboardActions } from "./actions";
import classes from "./DashboardsPage.module.css";

export function Deleted({ id }: { id: string }) {
  const change = useChangeSearch();
  const { keep } = useDashboardActions();
  const away = () => change({ deleted: undefined }, { replace: true });
  const restoring = useMutation({
    mutationFn: async () => {
      const newest = Math.max(...(await listVersions(id)).map((one) => one.version));
      return restoreVersion(id, newest);
    },
    onSuccess: (document) => {
      keep(document);
      away();
    },
  });
  return (
    <div className={classes.deleted} role="status">
      <p>
        The dashboard <strong>{id}</strong> is deleted.
      </p>
      <Button size="compact-xs" variant="default" loading={restoring.isPending} onClick={() => restoring.mutate()}>
        Bring it back
      </Button>
      <Button size="compact-xs" variant="subtle" onClick={away}>
        Dismiss
      </Button>
      {restoring.error && <Failure error={restoring.error} title="It did not come back" />}
    </div>
  );
}
