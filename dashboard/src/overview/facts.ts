// The single numbers about a host.

import type { InstantSeries } from "../api/types";

export interface Facts {
  load1?: number;
  load5?: number;
  load15?: number;
  uptime?: number;
  cores?: number;
  memory?: number;
  swap?: number;
  swapUsed?: number;
}

export function factsOf(series: InstantSeries[]): Facts {
  return Object.fromEntries(series.map(({ metric, value }) => [metric["fact"], Number(value[1])])) as Facts;
}
