import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";

/** Search parameters of any page inside the shell; undefined takes one away. */
export type PageSearch = Partial<Record<"from" | "to" | "live" | "host", string | undefined>>;

/** useChangeSearch changes some parameters of the address and keeps the page and the others. */
export function useChangeSearch(): (changes: PageSearch) => void {
  const navigate = useNavigate({ from: "/" });
  return useCallback(
    (changes) => void navigate({ to: ".", search: (previous: object) => ({ ...previous, ...changes }) as Record<string, string> }),
    [navigate],
  );
}
