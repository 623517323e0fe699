// Text to paste somewhere, with a button that copies it.

import classes from "./CodeBlock.module.css";
import { CopyButton } from "./CopyButton";

interface Props {
  code: string;
  /** What it is, for screen readers: "Command that sends a log line". */
  label: string;
  /** The name of the file it belongs into. */
  file?: string | undefined;
}

export function CodeBlock({ code, label, file }: Props) {
  return (
    <div className={classes.block}>
      <div className={classes.head}>
        {file && <span className={classes.file}>{file}</span>}
        <CopyButton value={code} label={`Copy: ${label}`} />
      </div>
      <pre className={classes.code} tabIndex={0} role="group" aria-label={label}>
        {code}
      </pre>
    </div>
  );
}
