// The programs that use most memory.

import type { InstantSeries } from "../api/types";
import { format } from "../format/units";
import { useInstant } from "../live/useInstant";
import classes from "./panels.module.css";
import { labels, processes } from "./queries";

const most = 4;

export interface Program {
  name: string;
  cpu: number | undefined;
  memory: number;
}

/** largest lists the programs that use most memory, with their CPU where it is known. */
export function largest(series: InstantSeries[], count: number): Program[] {
  const cpu = new Map<string, number>();
  const programs: Program[] = [];
  for (const { metric, value } of series) {
    const name = metric[labels.process] ?? "";
    if (metric["fact"] === "cpu") cpu.set(name, Number(value[1]));
    else programs.push({ name, cpu: undefined, memory: Number(value[1]) });
  }
  return programs
    .toSorted((a, b) => b.memory - a.memory || a.name.localeCompare(b.name))
    .slice(0, count)
    .map((program) => ({ ...program, cpu: cpu.get(program.name) }));
}

export function ProcessTable({ host }: { host: string }) {
  const programs = largest(useInstant(processes(host), 3).series, most);
  if (programs.length === 0) return null;
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Program</th>
          <th scope="col">CPU</th>
          <th scope="col">Memory</th>
        </tr>
      </thead>
      <tbody>
        {programs.map(({ name, cpu, memory }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{format(cpu, "percent")}</td>
            <td>{format(memory, "bytes")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
