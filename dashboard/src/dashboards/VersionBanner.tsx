// Says that an older version is shown, and brings it back.

import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { restoreVersion, type DashboardDocument } from "../api/dashboards";
import { Failure } from "../ui/Failure";
import { ZoneTime } from "../ui/ZoneTime";
import { useChangeSearch } from "../useChangeSearch";
import { useDashboardActions } from "./actions";
import classes from "./DashboardView.module.css";
import { versionChange } from "./search";

interface Props {
  id: string;
  version: number;
  saved: DashboardDocument;
  builtin: boolean;
}

export function VersionBanner({ id, version, saved, builtin }: Props) {
  const change = useChangeSearch();
  const { keep } = useDashboardActions();
  const restoring = useMutation({
    mutationFn: () => restoreVersion(id, version),
    onSuccess: (document) => {
      keep(document);
      change(versionChange(undefined));
    },
  });
  return (
    <div className={classes.banner} role="status">
      <p>
        This is version {version}
        {saved.metadata.updatedAt && (
          <>
            {" "}
            of <ZoneTime value={saved.metadata.updatedAt} />
          </>
        )}
        {saved.metadata.updatedBy ? ` by ${saved.metadata.updatedBy}` : ""}. It can't be changed.
      </p>
      {!builtin && (
        <Button size="compact-xs" loading={restoring.isPending} onClick={() => restoring.mutate()}>
          Restore it
        </Button>
      )}
      <Button size="compact-xs" variant="default" onClick={() => change(versionChange(undefined))}>
        Show the newest
      </Button>
      {restoring.error && <Failure error={restoring.error} title="It was not restored" />}
    </div>
  );
}
