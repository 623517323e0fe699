// How to send data here: a key, something to paste, and the first of it as it arrives.

import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { healthQuery } from "../api/health";
import { PageTitle } from "../shell/title";
import { CodeBlock } from "../ui/CodeBlock";
import { Panel } from "../ui/Panel";
import { Tabs } from "../ui/Tabs";
import { useChangeSearch, type PageSearch } from "../useChangeSearch";
import { Arrival } from "./Arrival";
import { KeyMaker } from "./KeyMaker";
import { cleanService, parseSendSearch, writeSendSearch } from "./search";
import classes from "./SendPage.module.css";
import { keyPlaceholder, snippetsFor, ways, type Way } from "./snippets";

export function SendPage() {
  const search: PageSearch = useSearch({ strict: false });
  const change = useChangeSearch();
  const { way, service } = parseSendSearch(search);
  const [key, setKey] = useState<string>();
  const caSha256 = useQuery(healthQuery).data?.ca_sha256;
  const steps = snippetsFor(way, { origin: location.origin, key: key ?? keyPlaceholder, service, caSha256 });

  return (
    <div className={classes.page}>
      <PageTitle>Send data</PageTitle>
      <div className={classes.main}>
        <Panel title="1. Name and key">
          <div className={classes.first}>
            <ServiceField service={service} onService={(name) => change(writeSendSearch({ way, service: name }), { replace: true })} />
            <KeyMaker name={service} value={key} onKey={setKey} />
          </div>
        </Panel>
        <Panel title="2. Send">
          <Tabs<Way> label="Ways to send" tabs={ways} value={way} onChange={(next) => change(writeSendSearch({ way: next, service }))}>
            <Advice way={way} />
            <ol className={classes.steps}>
              {steps.map(({ title, file, code }) => (
                <li key={title}>
                  <p>{title}</p>
                  <CodeBlock code={code} label={title} file={file} />
                </li>
              ))}
            </ol>
          </Tabs>
        </Panel>
      </div>
      <div className={classes.side}>
        <Arrival key={service} service={service} />
        <Addresses />
      </div>
    </div>
  );
}

function ServiceField({ service, onService }: { service: string; onService: (name: string) => void }) {
  // What is typed may be empty for a moment; the address then keeps the default.
  const [text, setText] = useState(service);
  return (
    <TextInput
      size="xs"
      label="Service name"
      description="What your program is called here"
      value={text}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => {
        const name = cleanService(event.currentTarget.value);
        setText(name);
        onService(name);
      }}
    />
  );
}

function Advice({ way }: { way: Way }) {
  if (way === "agent") {
    return (
      <p className={classes.advice}>
        Metrics and logs of another machine, kept on its disk while this server is away. It shows up under Hosts, by the name of the machine. Pharos has to listen for other machines: start it with <code>pharos up --public NAME</code>.
      </p>
    );
  }
  if (way === "host") {
    return (
      <p className={classes.advice}>
        Where an OpenTelemetry Collector runs already; else take the agent. On Linux, as a user who may read the journal. Pharos has to listen for other machines: start it with <code>pharos up --public NAME</code>.
      </p>
    );
  }
  if (way === "prometheus") return <p className={classes.advice}>Series keep their names and labels, and are found by their job.</p>;
  if (way === "collector") return <p className={classes.advice}>For programs that send by OpenTelemetry already.</p>;
  return null;
}

function Addresses() {
  const { origin } = location;
  const ports = useQuery(healthQuery).data?.ports;
  const grpc = ports?.["otlp_grpc"];
  const rows = [
    ["OTLP over HTTP", origin, "/v1/metrics and /v1/logs are added by the SDK"],
    ["OTLP over gRPC", grpc === undefined ? "–" : `${location.hostname}:${grpc}`, "for SDKs and Collectors that send by gRPC"],
    ["Remote write", `${origin}/api/v1/write`, "Prometheus, versions 1 and 2"],
    ["JSON", `${origin}/v1/ingest/metrics`, "and /v1/ingest/logs"],
  ] as const;
  return (
    <Panel title="Addresses">
      <dl className={classes.addresses}>
        {rows.map(([name, address, hint]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono">{address}</dd>
            <dd className="muted">{hint}</dd>
          </div>
        ))}
      </dl>
      <p className={classes.advice}>Every request carries the key, as the header X-API-Key or as Authorization: Bearer.</p>
    </Panel>
  );
}
