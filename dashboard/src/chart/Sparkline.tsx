// A line without axes, for the many small things.

interface Props {
  times: readonly number[];
  values: readonly (number | null | undefined)[];
  from: number;
  to: number;
  /** The value at the top. */
  max: number;
  colour: string;
  height?: number;
}

const width = 100;

/** sparkPath draws the values as an SVG path, with a hole where there is none. */
export function sparkPath({ times, values, from, to, max, height = 22 }: Omit<Props, "colour">): string {
  let path = "";
  let pen = false;
  values.forEach((value, i) => {
    const x = (((times[i] ?? 0) - from) / (to - from)) * width;
    if (value === null || value === undefined || x < 0) {
      pen = false;
      return;
    }
    const y = height - 1 - (Math.min(Math.max(value, 0), max) / max) * (height - 2);
    path += `${pen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
  });
  return path;
}

export function Sparkline(props: Props) {
  const { colour, height = 22 } = props;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width="100%" height={height} preserveAspectRatio="none" aria-hidden="true">
      <path d={sparkPath(props)} fill="none" stroke={colour} strokeWidth="1.25" strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
