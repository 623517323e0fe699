// Package promapi serves Prometheus' HTTP API, so that Grafana, promtool and other clients can
// use Pharos as a Prometheus.
//
// Parameters, answers, error types and statuses are Prometheus' own, not problem documents.
// Prometheus' web/api/v1 is not used because it brings scraping, targets and service discovery
// along.
package promapi
