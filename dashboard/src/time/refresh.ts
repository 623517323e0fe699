// How a page gets what is new: live, again every so often, or only when asked.

/** The intervals that are offered, as the address holds them. */
export const intervals: readonly { value: string; label: string; millis: number }[] = [
  { value: "5s", label: "Every 5 s", millis: 5_000 },
  { value: "10s", label: "Every 10 s", millis: 10_000 },
  { value: "30s", label: "Every 30 s", millis: 30_000 },
  { value: "1m", label: "Every minute", millis: 60_000 },
  { value: "5m", label: "Every 5 minutes", millis: 300_000 },
];

/** parseRefresh reads the `refresh` of an address; nothing when it names none that is offered. */
export function parseRefresh(text: string | undefined): (typeof intervals)[number] | undefined {
  return intervals.find(({ value }) => value === text);
}

/**
 * repeat calls every so often while the page is in sight, and once when it comes back into sight
 * after more than an interval. The returned function ends it.
 */
export function repeat(call: () => void, millis: number): () => void {
  let last = Date.now();
  const due = () => {
    if (document.visibilityState === "hidden" || Date.now() - last < millis - 50) return;
    last = Date.now();
    call();
  };
  const timer = setInterval(due, millis);
  document.addEventListener("visibilitychange", due);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", due);
  };
}
