// A link to an address that links.ts made, within the app.

import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";

interface Props {
  href: string;
  children: ReactNode;
  className?: string | undefined;
  title?: string;
}

export function PageLink({ href, ...rest }: Props) {
  const router = useRouter();
  function follow(event: MouseEvent) {
    // With a key or another button it is for the browser: a new tab, a download.
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.history.push(href);
  }
  return <a href={href} onClick={follow} {...rest} />;
}
