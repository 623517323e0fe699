// A line without axes, for the many small things: one core, one rate.

interface Props {
  values: readonly (number | null)[];
  /** The value at the top; the largest one when it is left out. */
  max?: number;
  colour: string;
  height?: number;
}

const width = 100;

/** sparkPath draws the values as an SVG path, with a hole where there is none. */
export function sparkPath(values: readonly (number | null)[], max: number, height: number): string {
  const step = width / Math.max(1, values.length - 1);
  let path = "";
  let pen = false;
  values.forEach((value, i) => {
    if (value === null) {
      pen = false;
      return;
    }
    const y = height - 1 - (Math.min(Math.max(value, 0), max) / max) * (height - 2);
    path += `${pen ? "L" : "M"}${(i * step).toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
  });
  return path;
}

export function Sparkline({ values, max, colour, height = 22 }: Props) {
  const top = max ?? Math.max(...values.map((value) => value ?? 0), 1e-9);
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width="100%" height={height} preserveAspectRatio="none" aria-hidden="true">
      <path d={sparkPath(values, top, height)} fill="none" stroke={colour} strokeWidth="1.25" strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
