// Programs and settings that send to this server, ready to paste. Each was run against a server;
// test/browser/send.test.mjs checks them again, and runs those that need nothing installed.

import { installCommand } from "../api/agent";

export type Way = "curl" | "go" | "python" | "node" | "java" | "agent" | "collector" | "host" | "prometheus";

export const ways: readonly { id: Way; label: string }[] = [
  { id: "curl", label: "curl" },
  { id: "go", label: "Go" },
  { id: "python", label: "Python" },
  { id: "node", label: "Node.js" },
  { id: "java", label: "Java" },
  { id: "collector", label: "OTel Collector" },
  { id: "agent", label: "Agent" },
  { id: "host", label: "Host" },
  { id: "prometheus", label: "Prometheus" },
];

export interface Step {
  title: string;
  /** The name of the file, where it goes into one. */
  file?: string;
  language: "sh" | "go" | "python" | "javascript" | "java" | "yaml";
  code: string;
}

export interface Target {
  /** The address of this server, as the browser reaches it. */
  origin: string;
  key: string;
  service: string;
  /** The CA that this server shows with its certificate, by its fingerprint. */
  caSha256?: string | undefined;
}

/** What stands in the place of a key that hasn't been made yet. */
export const keyPlaceholder = "YOUR_API_KEY";

/** otlpEnv is how every OpenTelemetry SDK is told where to send. */
function otlpEnv({ origin, key, service }: Target, ...more: string[]): string {
  return [`OTEL_EXPORTER_OTLP_ENDPOINT=${origin}`, `OTEL_EXPORTER_OTLP_HEADERS="X-API-Key=${key}"`, `OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`, `OTEL_SERVICE_NAME=${service}`, ...more].map((line) => `export ${line}`).join("\n");
}

function curl({ origin, key, service }: Target): Step[] {
  const send = (signal: string, body: string) => `curl ${origin}/v1/ingest/${signal} \\
  -H "X-API-Key: ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"time": "'$(date -u +%FT%TZ)'", "service": "${service}",
    ${body}}'`;
  return [
    { title: "A sample of a metric", language: "sh", code: send("metrics", `"metric_name": "hello_greetings_total", "value": 1,\n    "labels": {"to": "pharos"}`) },
    { title: "A log line", language: "sh", code: send("logs", `"level": "info", "message": "Hello, Pharos",\n    "labels": {"to": "pharos"}`) },
  ];
}

const goProgram = `package main

import (
	"context"
	"errors"
	"log"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
)

func main() {
	ctx := context.Background()
	metricExporter, err := otlpmetrichttp.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	logExporter, err := otlploghttp.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	reader := metric.NewPeriodicReader(metricExporter, metric.WithInterval(5*time.Second))
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logExporter)))
	// Send what is left before the program ends.
	defer func() {
		if err := errors.Join(meters.Shutdown(ctx), logs.Shutdown(ctx)); err != nil {
			log.Print(err)
		}
	}()

	greetings, err := meters.Meter("hello").Int64Counter("hello.greetings")
	if err != nil {
		log.Fatal(err)
	}
	greetings.Add(ctx, 1)
	otelslog.NewLogger("hello", otelslog.WithLoggerProvider(logs)).Info("Hello, Pharos")
}
`;

function go(target: Target): Step[] {
  return [
    { title: "A program that counts and logs by OpenTelemetry", file: "main.go", language: "go", code: goProgram },
    { title: "Run it", language: "sh", code: `${otlpEnv(target)}\ngo mod init hello && go mod tidy && go run .` },
  ];
}

const pythonProgram = `import logging

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=5000)
metrics = MeterProvider(metric_readers=[reader])
logs = LoggerProvider()
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
logging.getLogger().addHandler(LoggingHandler(logger_provider=logs))
logging.getLogger().setLevel(logging.INFO)

greetings = metrics.get_meter("hello").create_counter("hello.greetings")
greetings.add(1, {"to": "pharos"})
logging.info("Hello, Pharos")

# Send what is left before the program ends.
metrics.shutdown()
logs.shutdown()
`;

function python(target: Target): Step[] {
  return [
    { title: "Install OpenTelemetry", language: "sh", code: "pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http opentelemetry-instrumentation-logging" },
    { title: "A program that counts and logs", file: "hello.py", language: "python", code: pythonProgram },
    { title: "Run it", language: "sh", code: `${otlpEnv(target)}\npython hello.py` },
  ];
}

const nodeProgram = `import { metrics } from "@opentelemetry/api";
import { logs, SeverityNumber } from "@opentelemetry/api-logs";
import { NodeSDK } from "@opentelemetry/sdk-node";

// Where to send comes from the environment.
const sdk = new NodeSDK();
sdk.start();

const greetings = metrics.getMeter("hello").createCounter("hello.greetings");
greetings.add(1, { to: "pharos" });
logs.getLogger("hello").emit({
  severityNumber: SeverityNumber.INFO,
  severityText: "INFO",
  body: "Hello, Pharos",
});

// Send what is left before the program ends.
await sdk.shutdown();
`;

function node(target: Target): Step[] {
  return [
    { title: "Install OpenTelemetry", language: "sh", code: "npm install @opentelemetry/api @opentelemetry/api-logs @opentelemetry/sdk-node" },
    { title: "A program that counts and logs", file: "hello.mjs", language: "javascript", code: nodeProgram },
    { title: "Run it", language: "sh", code: `${otlpEnv(target, "OTEL_METRICS_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp", "OTEL_TRACES_EXPORTER=none")}\nnode hello.mjs` },
  ];
}

const javaProgram = ({ origin, key, service }: Target) => `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;

public class Hello {
    static void send(String signal, String fields) throws Exception {
        String body = "{\\"time\\": \\"" + Instant.now() + "\\", \\"service\\": \\"${service}\\", " + fields + "}";
        HttpRequest request = HttpRequest.newBuilder(URI.create("${origin}/v1/ingest/" + signal))
                .header("X-API-Key", "${key}")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        System.out.println(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
    }

    public static void main(String[] args) throws Exception {
        send("metrics", "\\"metric_name\\": \\"hello_greetings_total\\", \\"value\\": 1");
        send("logs", "\\"level\\": \\"info\\", \\"message\\": \\"Hello, Pharos\\"");
    }
}
`;

function java(target: Target): Step[] {
  return [
    {
      title: "Any Java program: OpenTelemetry's agent sends its JVM metrics and log lines, unchanged",
      language: "sh",
      code: `curl -LO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar\n${otlpEnv(target, "OTEL_TRACES_EXPORTER=none")}\njava -javaagent:opentelemetry-javaagent.jar -jar your-program.jar`,
    },
    { title: "Or by hand, with nothing but the JDK", file: "Hello.java", language: "java", code: javaProgram(target) },
    { title: "Run it", language: "sh", code: "java Hello.java" },
  ];
}

/** exporter is how a Collector sends here. */
const exporter = ({ origin, key }: Target) => `exporters:
  otlphttp/pharos:
    endpoint: ${origin}
    headers:
      X-API-Key: ${key}
`;

function collector(target: Target): Step[] {
  return [
    {
      title: "Take what programs send by OTLP, and pass it on",
      file: "collector.yaml",
      language: "yaml",
      code: `receivers:
  otlp:
    protocols:
      # Other ports on the machine of Pharos, which listens on these itself.
      grpc:
        endpoint: 127.0.0.1:4317
      http:
        endpoint: 127.0.0.1:4318

${exporter(target)}
service:
  pipelines:
    metrics:
      receivers: [otlp]
      exporters: [otlphttp/pharos]
    logs:
      receivers: [otlp]
      exporters: [otlphttp/pharos]
`,
    },
    { title: "Run it", language: "sh", code: "otelcol-contrib --config collector.yaml" },
  ];
}

function agent({ origin, key, caSha256 }: Target): Step[] {
  return [
    { title: "Its package, on the machine: one of those that make packages writes", language: "sh", code: "sudo apt install ./pharos-agent_*.deb\n# or: sudo dnf install ./pharos-agent-*.rpm" },
    {
      title: "Install it: without --key-file it asks for the key",
      language: "sh",
      code: `echo ${key} | ${installCommand(origin, caSha256)} --key-file -`,
    },
    { title: "See how it does", language: "sh", code: "sudo pharos-agent status" },
  ];
}

function host(target: Target): Step[] {
  return [
    {
      title: "Another machine's CPU, memory, disks, network and system log",
      file: "host.yaml",
      language: "yaml",
      code: `receivers:
  hostmetrics:
    collection_interval: 10s
    scrapers:
      cpu:
      load:
      memory:
      paging:
      disk:
      filesystem:
      network:
      process:
        mute_process_all_errors: true
  journald:
    priority: info

processors:
  resourcedetection:
    detectors: [system]
    system:
      hostname_sources: [os]
      resource_attributes:
        host.id:
          enabled: true
  resource:
    attributes:
      - key: service.name
        value: ${target.service}
        action: upsert

${exporter(target)}
service:
  pipelines:
    metrics:
      receivers: [hostmetrics]
      processors: [resourcedetection, resource]
      exporters: [otlphttp/pharos]
    logs:
      receivers: [journald]
      processors: [resourcedetection, resource]
      exporters: [otlphttp/pharos]
`,
    },
    { title: "Run it there", language: "sh", code: "otelcol-contrib --config host.yaml" },
  ];
}

function prometheus({ origin, key, service }: Target): Step[] {
  return [
    {
      title: "Everything that a Prometheus scrapes",
      file: "prometheus.yml",
      language: "yaml",
      code: `scrape_configs:
  - job_name: ${service}
    static_configs:
      - targets: ["localhost:9090"]

remote_write:
  - url: ${origin}/api/v1/write
    authorization:
      credentials: ${key}
`,
    },
    { title: "Run it", language: "sh", code: "prometheus --config.file=prometheus.yml" },
  ];
}

const makers: Record<Way, (target: Target) => Step[]> = { curl, go, python, node, java, collector, agent, host, prometheus };

/** snippetsFor lists what to do, one step after the other. */
export function snippetsFor(way: Way, target: Target): Step[] {
  return makers[way](target);
}
