// The instances of a service: from series to rows.

import type { InstantSeries } from "../api/types";
import { hostLabel } from "../overview/queries";
import { environmentLabel } from "./queries";

export interface Instance {
  name: string;
  host: string | undefined;
  environment: string | undefined;
  version: string | undefined;
  series: number;
  rate?: number | undefined;
  errors?: number | undefined;
  p95?: number | undefined;
  /** Seconds since its newest report; undefined when only its series are known. */
  age?: number | undefined;
  silent: boolean;
}

/** After so many seconds without a report an instance is called silent. */
const patience = 300;

/** joinInstances puts together what target_info, the series and the requests know. */
export function joinInstances(places: readonly InstantSeries[], requests: readonly InstantSeries[]): Instance[] {
  const found = new Map<string, Instance>();
  for (const { metric, value } of [...places, ...requests]) {
    const name = metric["instance"] ?? "";
    const host = metric[hostLabel];
    const environment = metric[environmentLabel];
    if (name === "") continue;
    const key = [name, host, environment].join("\n");
    const entry = found.get(key) ?? { name, host, environment, version: undefined, series: 0, silent: false };
    found.set(key, entry);
    const number = Number(value[1]);
    switch (metric["fact"]) {
      case "seen":
        // One that was updated has had several versions: the newest report is of the one that runs.
        if (entry.age !== undefined && entry.age < value[0] - number) break;
        entry.version = metric["service_version"];
        entry.age = Math.max(0, value[0] - number);
        break;
      case "series":
        entry.series = number;
        break;
      case "rate":
      case "errors":
      case "p95":
        if (Number.isFinite(number)) entry[metric["fact"]] = number;
    }
  }
  return [...found.values()].map((instance) => ({ ...instance, silent: instance.series === 0 && (instance.age ?? Infinity) > patience }));
}

/** distinct lists the different values that instances have of something, in order. */
export function distinct(instances: readonly Instance[], value: (instance: Instance) => string | undefined): string[] {
  return [...new Set(instances.flatMap((instance) => value(instance) ?? []))].toSorted();
}
