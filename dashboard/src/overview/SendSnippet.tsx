// How to send something, ready to paste.

import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";

import { CheckIcon, CopyIcon } from "../ui/icons";
import classes from "./SendSnippet.module.css";

/** snippet is a command that sends one log line to this server. */
export function snippet(origin: string): string {
  return `curl ${origin}/v1/ingest/logs \\
  -H "X-API-Key: $PHAROS_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"service": "hello", "level": "info",
    "message": "Hello, Pharos",
    "time": "'$(date -u +%FT%TZ)'"}'`;
}

export function SendSnippet() {
  const text = snippet(location.origin);
  return (
    <div className={classes.send}>
      <div className={classes.head}>
        <p>
          Nothing was sent in this time. The API key is in <code>bootstrap.json</code> in the data folder.
        </p>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? "Copied" : "Copy"} withArrow={false}>
              <ActionIcon variant="default" size={26} onClick={copy} aria-label={copied ? "Copied" : "Copy the command"}>
                {copied ? <CheckIcon /> : <CopyIcon />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </div>
      <pre className={classes.code} tabIndex={0} aria-label="Command that sends a log line">
        {text}
      </pre>
    </div>
  );
}
