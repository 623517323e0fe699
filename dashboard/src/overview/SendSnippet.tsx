// How to send something, ready to paste.

import { sendLink } from "../links";
import { CodeBlock } from "../ui/CodeBlock";
import { PageLink } from "../ui/PageLink";
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
  return (
    <div className={classes.send}>
      <p>
        Nothing was sent in this time. <PageLink href={sendLink()}>Send data</PageLink> makes a key, and has this in other languages.
      </p>
      <CodeBlock code={snippet(location.origin)} label="Command that sends a log line" />
    </div>
  );
}
