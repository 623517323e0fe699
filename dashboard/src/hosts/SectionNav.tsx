// The parts of a long page, always in sight: the one that is being read is marked.

import { useEffect, useState, type MouseEvent } from "react";

import classes from "./HostPage.module.css";

type Sections = readonly (readonly [id: string, title: string])[];

export function SectionNav({ sections }: { sections: Sections }) {
  const current = useCurrent(sections);
  const top = useHeaderHeight();
  function go(event: MouseEvent<HTMLAnchorElement>, id: string) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const target = document.getElementById(id);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    target?.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
    // The focus goes along, so that Tab goes on from there.
    if (target) {
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    }
    history.replaceState(history.state, "", `#${id}`);
  }
  return (
    <nav className={classes.nav} aria-label="Sections" style={{ top }}>
      {sections.map(([id, title]) => (
        <a key={id} href={`#${id}`} onClick={(event) => go(event, id)} aria-current={current === id ? "location" : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

/** useHeaderHeight is where the page begins below its header, which has more rows on a phone. */
function useHeaderHeight(): number {
  const [height, setHeight] = useState(52);
  useEffect(() => {
    const header = document.querySelector("main")?.parentElement?.querySelector(":scope > header");
    if (!header || typeof ResizeObserver === "undefined") return undefined;
    const observer = new ResizeObserver(() => setHeight(header.getBoundingClientRect().height - 1));
    observer.observe(header);
    return () => observer.disconnect();
  }, []);
  return height;
}

/** useCurrent is the last section whose beginning has been scrolled to. */
function useCurrent(sections: Sections): string | undefined {
  const [current, setCurrent] = useState(sections[0]?.[0]);
  useEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      const passed = sections.filter(([id]) => (document.getElementById(id)?.getBoundingClientRect().top ?? Infinity) < 160);
      const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 4 && scrollY > 0;
      setCurrent(atEnd ? sections.at(-1)?.[0] : (passed.at(-1)?.[0] ?? sections[0]?.[0]));
    };
    const later = () => (frame ||= requestAnimationFrame(look));
    addEventListener("scroll", later, { passive: true });
    look();
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", later);
    };
  }, [sections]);
  return current;
}
