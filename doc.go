// Package pharos is the root of Pharos: metrics, logs and traces of a fleet, its alerts and
// its dashboards in one program. It holds no code but the test of the house rules; the tree
// is the table of contents.
//
// Everything on the server is one OpenTelemetry Collector distribution. Apps and agents send
// to the front door; data runs through a pipeline into the stores; the backend reads them:
//
//	apps, agents -> extensions/gatewayextension   listeners, credentials, limits (backend/frontdoor)
//	             -> receivers/ingestreceiver      OTLP, JSON, remote write; validation
//	             -> processors/limitsprocessor    time window, sizes, label counts
//	             -> exporters/localexporter       translation to series (storage/series)
//	             -> storage/local/{metrics,logs}  Prometheus TSDB; VictoriaLogs behind a journal
//
//	browsers, Grafana, curl -> extensions/gatewayextension
//	             -> extensions/backendextension   wires the packages below to the stores
//	             -> backend/{api,query,promapi,logsearch,live,auth}, dashboard
//
// Nothing is acknowledged before the store has it. The organisation of a request is written
// by authentication into the context and selects the partition of the store. Errors carry a
// code (internal/errcode), refused items a reason (storage/rejection).
//
// collector/ is the program; a role is a YAML file in configs/. See docs/architecture.md.
package pharos
