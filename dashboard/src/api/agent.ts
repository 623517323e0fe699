// The command that makes a machine report here.

import { useQuery } from "@tanstack/react-query";

import { healthQuery } from "./health";

/** installCommand is what is run on a machine; the fingerprint says by which CA it knows this server. */
export function installCommand(origin: string, caSha256?: string): string {
  const pin = caSha256 !== undefined && origin.startsWith("https:") ? ` --ca-sha256 ${caSha256}` : "";
  return `sudo pharos-agent install --url ${origin}${pin}`;
}

/** useInstallCommand is that command for this server. */
export function useInstallCommand(): string {
  return installCommand(location.origin, useQuery(healthQuery).data?.ca_sha256);
}
