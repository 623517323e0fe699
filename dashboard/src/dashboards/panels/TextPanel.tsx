// A panel of text in Markdown. What could run or load something is taken out.

import { useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, type MouseEvent } from "react";

import { interpolate } from "../../query/variables";
import type { PanelProps } from "../context";
import classes from "./panels.module.css";
import { stringOf } from "./spec";

const Markdown = lazy(() => import("./Markdown"));

export function TextPanel({ panel, values }: PanelProps) {
  const router = useRouter();
  const text = useMemo(() => interpolate(stringOf(panel.spec.plugin.spec, "text"), values, "text").text, [panel, values]);
  if (text.trim() === "") return <p className={classes.nothing}>This panel has no text yet. Edit it to write some.</p>;

  /** Links to other pages of the app don't load it anew. */
  function follow(event: MouseEvent) {
    const link = (event.target as Element).closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.origin !== location.origin || link.target === "_blank") return;
    event.preventDefault();
    router.history.push(link.pathname + link.search + link.hash);
  }
  return (
    <div className={classes.text} onClick={follow} tabIndex={0} role="group" aria-label={panel.spec.display.name?.trim() || "Text"}>
      <Suspense fallback={<p>{text}</p>}>
        <Markdown text={text} />
      </Suspense>
    </div>
  );
}
