// What the server knows of hosts and their agents, and how that is said.

import { request } from "../api/client";
import type { Schemas } from "../api/types";

export type FleetHost = Schemas["Host"];
export type Agent = Schemas["Agent"];
export type Reason = Schemas["Reason"];
export type HostState = FleetHost["state"];

const day = 86_400_000;
const pageSize = 1000;
/** More hosts than these are not asked for. */
const mostPages = 20;

interface Span {
  from: number;
  to: number;
}

/** spanParams look back a day at least, and seven at most, so that who is silent stays known. */
export function spanParams({ from, to }: Span): URLSearchParams {
  const begin = Math.max(Math.min(from, to - day), to - 7 * day);
  return new URLSearchParams({ from: new Date(begin).toISOString(), to: new Date(to).toISOString() });
}

/** listFleet returns the hosts that reported, with a summary of their agents. */
export async function listFleet(span: Span, signal: AbortSignal): Promise<FleetHost[]> {
  const params = spanParams(span);
  params.set("limit", String(pageSize));
  const all: FleetHost[] = [];
  for (let i = 0; i < mostPages; i++) {
    const page = await request<Schemas["HostList"]>(`/v1/hosts?${params.toString()}`, { signal });
    all.push(...page.hosts);
    if (!page.next) break;
    params.set("after", page.next);
  }
  return all;
}

/** oneFleetHost returns a host with all parts of its agent; null when it did not report. */
export async function oneFleetHost(name: string, span: Span, signal: AbortSignal): Promise<FleetHost | null> {
  const params = spanParams(span);
  params.set("name", name);
  return (await request<Schemas["HostList"]>(`/v1/hosts?${params.toString()}`, { signal })).hosts[0] ?? null;
}

/** reasonLine says which part, and what of it. */
export function reasonLine({ part, text }: Reason): string {
  return part ? `${part}: ${text}` : text;
}

export interface Trouble {
  word: "unhealthy" | "silent" | "stale";
  /** Why, a line each. */
  why: string[];
}

/** troubleOf is what a badge says of a host, and why; nothing when all is well. */
export function troubleOf(host: { state?: HostState | undefined; reasons?: readonly Reason[] | undefined; agent?: Agent | undefined; stale: boolean }): Trouble | undefined {
  if (host.agent && (host.state === "unhealthy" || host.state === "silent")) return { word: host.state, why: (host.reasons ?? []).map(reasonLine) };
  return host.stale ? { word: "stale", why: [] } : undefined;
}

/** agentOrder sorts agents: those in trouble first, hosts without one last. */
export function agentOrder({ state, agent }: { state?: HostState | undefined; agent?: Agent | undefined }): string | undefined {
  if (!agent) return undefined;
  const rank = state === "unhealthy" ? 0 : state === "silent" ? 1 : 2;
  return `${rank} ${agent.version}`;
}

export interface PartRow {
  kind: string;
  id: string;
  up: boolean;
  reason?: Reason | undefined;
}

/** partRows joins the parts of an agent with why they fail, the failing ones first. */
export function partRows(agent: Agent, reasons: readonly Reason[]): PartRow[] {
  const rows = (agent.parts ?? []).map(({ kind, id, up }) => ({ kind, id, up, reason: reasons.find((reason) => reason.kind === kind && reason.part === id) }));
  return rows.toSorted((a, b) => Number(a.up) - Number(b.up));
}
