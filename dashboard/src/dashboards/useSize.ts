// The size that an element has, for what must be drawn in pixels.

import { useLayoutEffect, useState, type RefObject } from "react";

export interface Size {
  width: number;
  height: number;
}

/** useSize follows an element's size; with `flat` an element without height counts too. */
export function useSize(element: RefObject<HTMLElement | null>, flat = false): Size | undefined {
  const [size, setSize] = useState<Size>();
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return undefined;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = target;
      if (width > 0 && (flat || height > 0)) setSize((before) => (before?.width === width && before.height === height ? before : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, [element, flat]);
  return size;
}
