// The page of a dashboard: loads its document, or the older version that the address names.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";

import { ApiError } from "../api/client";
import { dashboardQuery, versionQuery } from "../api/dashboards";
import { PageTitle } from "../shell/title";
import { EmptyState } from "../ui/EmptyState";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { DashboardView } from "./DashboardView";
import { parseDashboardSearch, versionChange } from "./search";

export function DashboardPage() {
  const { id = "" } = useParams({ strict: false });
  return <LoadedDashboard key={id} id={id} />;
}

function LoadedDashboard({ id }: { id: string }) {
  const raw: PageSearch = useSearch({ strict: false });
  const { version } = parseDashboardSearch(raw);
  const change = useChangeSearch();
  const newest = useQuery({ ...dashboardQuery(id), refetchOnMount: "always" });
  const older = useQuery({ ...versionQuery(id, version ?? 0), enabled: version !== undefined });
  const wanted = version === undefined ? newest : older;

  if (wanted.error && !wanted.data) {
    const gone = wanted.error instanceof ApiError && wanted.error.status === 404;
    return (
      <>
        <PageTitle>Dashboard</PageTitle>
        {gone ? (
          <EmptyState
            centred
            title={version === undefined ? "There is no such dashboard" : `There is no version ${version} of it`}
            action={
              version === undefined ? (
                <Link to="/dashboards" search={{}}>All dashboards</Link>
              ) : (
                <Button size="xs" onClick={() => change(versionChange(undefined))}>
                  Show the newest version
                </Button>
              )
            }
          >
            It may have been deleted, or the address has a typing error.
          </EmptyState>
        ) : (
          <Failure error={wanted.error} title="The dashboard can't be loaded" onRetry={() => void wanted.refetch()} />
        )}
      </>
    );
  }
  if (!wanted.data) {
    return (
      <>
        <PageTitle>Dashboard</PageTitle>
        <Loading rows={6} label="Loading the dashboard" />
      </>
    );
  }
  return <DashboardView id={id} saved={wanted.data} version={version} refetch={() => newest.refetch()} />;
}
