// The little lines of a long list. Only the rows in sight are asked for: each line says that it
// is there, and one query follows for all of them.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { queryRange } from "../api/prometheus";
import { Sparkline } from "../chart/Sparkline";
import { fromMatrix, type FrameSeries } from "../live/frame";
import { usePageTime } from "../time/context";
import { resolve, stepFor } from "../time/range";
import type { QueryOfStep } from "../live/useFrame";
import classes from "./sparks.module.css";

interface Lines {
  times: number[];
  from: number;
  to: number;
  /** By name and fact. */
  series: Map<string, FrameSeries>;
}

interface Sparks {
  lines: Lines | undefined;
  show: (name: string) => () => void;
}

const SparkContext = createContext<Sparks | undefined>(undefined);

/** How long to wait for more rows to come into sight, in milliseconds. */
const patience = 120;
/** How many points a line has at most. */
const points = 100;

interface Props {
  /** What the queries are about, for the cache. */
  kind: string;
  /** The label whose values are the names of rows. */
  label: string;
  query: (names: readonly string[]) => QueryOfStep;
  children: ReactNode;
}

export function SparkProvider({ kind, label, query, children }: Props) {
  const [names, setNames] = useState<readonly string[]>([]);
  const counts = useRef(new Map<string, number>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const show = useCallback((name: string) => {
    const settle = () => {
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setNames([...counts.current.keys()].toSorted()), patience);
    };
    counts.current.set(name, (counts.current.get(name) ?? 0) + 1);
    settle();
    return () => {
      const left = (counts.current.get(name) ?? 1) - 1;
      if (left > 0) counts.current.set(name, left);
      else counts.current.delete(name);
      settle();
    };
  }, []);

  const lines = useLines(kind, label, query, names);
  const value = useMemo(() => ({ lines, show }), [lines, show]);
  return <SparkContext value={value}>{children}</SparkContext>;
}

function useLines(kind: string, label: string, query: (names: readonly string[]) => QueryOfStep, names: readonly string[]): Lines | undefined {
  const { range, live, epoch } = usePageTime();
  const span = resolve(range, Date.now());
  const step = span ? Math.max(stepFor(span.to - span.from, points), 1) : 15;
  const answer = useQuery({
    queryKey: ["sparks", kind, names, range.from, range.to, epoch],
    queryFn: async ({ signal }): Promise<Lines> => {
      const now = resolve(range, Date.now());
      if (!now) throw new Error("The time range is empty.");
      const start = Math.ceil(now.from / 1000 / step) * step;
      const end = Math.floor(now.to / 1000 / step) * step;
      const frame = fromMatrix(await queryRange(query(names)(step), start, end, step, signal), start, end, step);
      return { times: frame.times, from: start, to: end, series: new Map(frame.series.map((s) => [`${s.labels[label]}\n${s.labels["fact"]}`, s])) };
    },
    enabled: names.length > 0,
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    refetchInterval: live ? Math.max(step * 1000, 10_000) : false,
  });
  return answer.data;
}

interface SparkProps {
  name: string;
  fact: string;
  colour: string;
  /** The value at the top; without it, the line's own largest. */
  max?: number;
}

export function Spark({ name, fact, colour, max }: SparkProps) {
  const sparks = use(SparkContext);
  if (!sparks) throw new Error("Spark needs a SparkProvider above it");
  const { lines, show } = sparks;
  useEffect(() => show(name), [show, name]);
  const series = lines?.series.get(`${name}\n${fact}`);
  const top = max ?? Math.max(1e-9, ...(series?.values ?? []).map((value) => value ?? 0));
  return (
    <span className={classes.spark} data-spark={series ? "drawn" : "empty"}>
      {lines && series && <Sparkline times={lines.times} values={series.values} from={lines.from} to={lines.to} max={top} colour={colour} height={18} />}
    </span>
  );
}
