// What one can do with a search: choose columns, keep it, take it elsewhere.

import type { Span } from "./api";
import { ChartMenu } from "./ChartMenu";
import { ColumnsMenu } from "./ColumnsMenu";
import { DownloadMenu } from "./DownloadMenu";
import { plusNanos } from "./moment";
import { SavedMenu } from "./SavedMenu";
import type { LogsSearch } from "./search";
import type { Question } from "./useQuestion";

interface Props {
  search: LogsSearch;
  question: Question;
  span: Span;
  names: readonly string[];
  onChange: (changes: Partial<LogsSearch>, options?: { replace?: boolean }) => void;
}

/** Of the lines around one, this much time on each side is downloaded. */
const aroundNanos = 15 * 60 * 1e9;

export function Tools({ search, question, span, names, onChange }: Props) {
  const { around, columns, order } = search;
  const taken = around ? { from: plusNanos(around.time, -aroundNanos), to: plusNanos(around.time, aroundNanos) } : span;
  return (
    <>
      <ColumnsMenu columns={columns} names={names} onChange={(next) => onChange({ columns: next }, { replace: true })} />
      <SavedMenu search={search} onOpen={(query, saved) => onChange({ query, columns: saved, around: undefined, line: undefined })} />
      <ChartMenu query={question.query} by={search.by} span={span} />
      <DownloadMenu query={question.query} span={taken} order={order} columns={columns} />
    </>
  );
}
