// Whether an element is in sight, or nearly: what nobody sees asks the server for nothing.

import { useEffect, useState, type RefObject } from "react";

export function useVisible(element: RefObject<HTMLElement | null>): boolean {
  const [visible, setVisible] = useState(() => !("IntersectionObserver" in globalThis));
  useEffect(() => {
    const target = element.current;
    if (!target || !("IntersectionObserver" in globalThis)) return undefined;
    const observer = new IntersectionObserver((entries) => setVisible(entries.at(-1)?.isIntersecting ?? false), { rootMargin: "160px" });
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return visible;
}
