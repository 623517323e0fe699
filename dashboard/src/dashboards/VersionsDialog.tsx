// The versions of a dashboard: who saved what and when, what was different, and the way back.

import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { restoreVersion, versionQuery, versionsQuery, type DashboardDocument, type DashboardVersion } from "../api/dashboards";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { Modal } from "../ui/Modal";
import { ZoneTime } from "../ui/ZoneTime";
import { useChangeSearch } from "../useChangeSearch";
import { asJSON, useDashboardActions } from "./actions";
import diffClasses from "./CodeDialog.module.css";
import classes from "./dialogs.module.css";
import { diffLines, withContext } from "./diff";
import { versionChange } from "./search";

interface Props {
  id: string;
  document: DashboardDocument;
  onClose: () => void;
}

export function VersionsDialog({ id, document, onClose }: Props) {
  const versions = useQuery({ ...versionsQuery(id), refetchOnMount: "always" });
  const [compared, setCompared] = useState<number>();
  const change = useChangeSearch();
  const { keep } = useDashboardActions();
  const restoring = useMutation({
    mutationFn: (version: number) => restoreVersion(id, version),
    onSuccess: (restored) => {
      keep(restored);
      onClose();
    },
  });
  const list = (versions.data ?? []).toSorted((a, b) => b.version - a.version);
  const newest = list[0]?.version;

  return (
    <Modal title={`Versions of “${document.spec.display.name}”`} size="large" opened onClose={onClose}>
      <div className={classes.fields}>
        {versions.isPending && <Loading rows={4} label="Loading the versions" />}
        {versions.error && <Failure error={versions.error} title="The versions can't be listed" onRetry={() => void versions.refetch()} />}
        {restoring.error && <Failure error={restoring.error} title="It was not restored" />}
        {list.length > 0 && (
          <div className={classes.scroll}>
            <table className={classes.report}>
              <thead>
                <tr>
                  <th scope="col">Version</th>
                  <th scope="col">Saved</th>
                  <th scope="col">By</th>
                  <th scope="col">What changed</th>
                  <th scope="col">
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {list.map((one, i) => (
                  <Row
                    key={one.version}
                    version={one}
                    newest={one.version === newest}
                    oldest={i === list.length - 1}
                    compared={compared === one.version}
                    busy={restoring.isPending && restoring.variables === one.version}
                    onCompare={() => setCompared((before) => (before === one.version ? undefined : one.version))}
                    onView={() => {
                      change(versionChange(one.version === newest ? undefined : one.version));
                      onClose();
                    }}
                    onRestore={() => restoring.mutate(one.version)}
                  />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {compared !== undefined && <Difference id={id} version={compared} before={list.find((one) => one.version < compared)?.version} />}
      </div>
    </Modal>
  );
}

interface RowProps {
  version: DashboardVersion;
  newest: boolean;
  oldest: boolean;
  compared: boolean;
  busy: boolean;
  onCompare: () => void;
  onView: () => void;
  onRestore: () => void;
}

function Row({ version, newest, oldest, compared, busy, onCompare, onView, onRestore }: RowProps) {
  const name = `version ${version.version}`;
  return (
    <tr>
      <th scope="row">{version.version}</th>
      <td>
        <ZoneTime value={version.updated_at} />
      </td>
      <td>{version.updated_by ?? ""}</td>
      <td>{version.message ?? ""}</td>
      <td>
        <span className={diffClasses.actions}>
          <Button size="compact-xs" variant="default" onClick={onView} aria-label={`View ${name}`}>
            View
          </Button>
          {!oldest && (
            <Button size="compact-xs" variant="default" aria-pressed={compared} onClick={onCompare} aria-label={`Changes of ${name}`}>
              Changes
            </Button>
          )}
          {!newest && (
            <Button size="compact-xs" variant="default" loading={busy} onClick={onRestore} aria-label={`Restore ${name}`}>
              Restore
            </Button>
          )}
        </span>
      </td>
    </tr>
  );
}

function Difference({ id, version, before }: { id: string; version: number; before: number | undefined }) {
  const after = useQuery(versionQuery(id, version));
  const earlier = useQuery({ ...versionQuery(id, before ?? 0), enabled: before !== undefined });
  const lines = useMemo(() => (after.data && earlier.data ? withContext(diffLines(asJSON(earlier.data.spec), asJSON(after.data.spec))) : undefined), [after.data, earlier.data]);
  const error = after.error ?? earlier.error;
  if (error) return <Failure error={error} title="The versions can't be compared" />;
  if (!lines) return <Loading rows={4} />;
  const marks = { same: "  ", removed: "- ", added: "+ ", gap: "  … " };
  return (
    <>
      <p>
        From version {before} to version {version}:
      </p>
      <div className={diffClasses.diff} tabIndex={0} role="group" aria-label={`Changes from version ${before} to version ${version}`}>
        {lines.map((line, i) => (
          <div key={i} data-kind={line.kind}>
            {marks[line.kind]}
            {line.text}
          </div>
        ))}
      </div>
    </>
  );
}
