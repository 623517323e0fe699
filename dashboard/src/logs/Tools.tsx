// What one can do with a search: choose columns.

import { ColumnsMenu } from "./ColumnsMenu";
import type { Span } from "./api";
import type { LogsSearch } from "./search";
import type { Question } from "./useQuestion";

interface Props {
  search: LogsSearch;
  question: Question;
  span: Span;
  names: readonly string[];
  onChange: (changes: Partial<LogsSearch>, options?: { replace?: boolean }) => void;
  onQuery: (query: string) => void;
}

export function Tools({ search, names, onChange }: Props) {
  return <ColumnsMenu columns={search.columns} names={names} onChange={(columns) => onChange({ columns }, { replace: true })} />;
}
