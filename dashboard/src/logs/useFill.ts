// Makes a page as high as what the window leaves below the header, so that only its parts scroll.

import { useLayoutEffect, useRef, type RefObject } from "react";

const below = 12;

export function useFill(): RefObject<HTMLDivElement | null> {
  const page = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = page.current;
    if (!element) return undefined;
    const fit = () => {
      const top = element.getBoundingClientRect().top + scrollY;
      element.style.setProperty("--fill", `${Math.max(0, innerHeight - top - below)}px`);
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(document.documentElement);
    addEventListener("resize", fit);
    return () => {
      observer.disconnect();
      removeEventListener("resize", fit);
    };
  }, []);
  return page;
}
