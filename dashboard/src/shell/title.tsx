// A page says its title from where it is drawn; the header shows it.

import { createContext, use, useEffect, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";

interface TitlePlace {
  element: HTMLElement | null;
  setElement: (element: HTMLElement | null) => void;
}

const TitleContext = createContext<TitlePlace | undefined>(undefined);

export function TitleProvider({ children }: { children: ReactNode }) {
  const [element, setElement] = useState<HTMLElement | null>(null);
  return <TitleContext value={{ element, setElement }}>{children}</TitleContext>;
}

/** TitleSlot is where the header shows the page's title: its only first-level heading. */
export function TitleSlot({ className }: { className?: string | undefined }) {
  const place = use(TitleContext);
  return <h1 className={className} tabIndex={-1} ref={place?.setElement} />;
}

/** PageTitle puts its children into the header, and its text into the window's title. */
export function PageTitle({ children, text }: { children: ReactNode; text?: string }) {
  const place = use(TitleContext);
  const title = text ?? (typeof children === "string" ? children : "");
  useEffect(() => {
    document.title = title === "" ? "Pharos" : `${title} · Pharos`;
  }, [title]);
  return place?.element ? createPortal(children, place.element) : null;
}
