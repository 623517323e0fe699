// Which services write log lines, and how many in the time range.

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { countByField } from "../api/logs";
import { format } from "../format/units";
import { serviceLink, servicesLink } from "../links";
import { usePageTime } from "../time/context";
import { resolve } from "../time/range";
import { PageLink } from "../ui/PageLink";
import classes from "./panels.module.css";
import { allLogs } from "./queries";

const most = 5;

export function ServiceTable() {
  const { range, live, epoch } = usePageTime();
  const { data: services = [] } = useQuery({
    queryKey: ["services", range.from, range.to, epoch],
    queryFn: ({ signal }) => {
      const span = resolve(range, Date.now());
      return span ? countByField("service", allLogs, span.from, span.to, most, signal) : [];
    },
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    refetchInterval: live ? 5_000 : false,
  });
  if (services.length === 0) return null;
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">
            <PageLink href={servicesLink(range)}>Services</PageLink>
          </th>
          <th scope="col">Log lines in this time</th>
        </tr>
      </thead>
      <tbody>
        {services.map(({ value, count }) => (
          <tr key={value}>
            <th scope="row">
              <PageLink href={serviceLink(value, range)}>{value}</PageLink>
            </th>
            <td>{format(count, "count")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
