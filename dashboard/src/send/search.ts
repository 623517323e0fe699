// What the address of the Send data page holds: the way to send, and the name to send under.

import type { PageSearch, SearchChanges } from "../useChangeSearch";
import { ways, type Way } from "./snippets";

export interface SendSearch {
  way: Way;
  service: string;
}

export const defaultSearch: SendSearch = { way: "curl", service: "hello" };

/** cleanService makes a name that needs no quoting in any snippet. */
export function cleanService(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}_.-]/gu, "-").slice(0, 60);
}

export function parseSendSearch({ way, service }: PageSearch): SendSearch {
  return {
    way: ways.find(({ id }) => id === way)?.id ?? defaultSearch.way,
    service: cleanService(service ?? "") || defaultSearch.service,
  };
}

export function writeSendSearch({ way, service }: SendSearch): SearchChanges {
  return { way: way === defaultSearch.way ? undefined : way, service: service === defaultSearch.service || service === "" ? undefined : service };
}
