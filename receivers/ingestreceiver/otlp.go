package ingestreceiver

import (
	"context"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// exportMetrics stores an OTLP request. The answer is nil when everything was stored; otherwise
// its partial_success says what was left out.
func (r *ingestReceiver) exportMetrics(ctx context.Context, metrics pmetric.Metrics, from source) (otlpResponse, error) {
	points := metrics.DataPointCount()
	if points == 0 {
		return nil, nil
	}
	report, err := r.consumeMetrics(ctx, metrics)
	if err != nil {
		return nil, err
	}
	r.telemetry.stored(ctx, from, points, report)
	refused := report.Count()
	if refused == 0 {
		return nil, nil
	}
	response := pmetricotlp.NewExportResponse()
	// A store refuses samples, and one histogram point is many.
	response.PartialSuccess().SetRejectedDataPoints(int64(min(refused, points)))
	response.PartialSuccess().SetErrorMessage(summary(report))
	return response, nil
}

// exportLogs is exportMetrics for logs; ids knows where record ids come from.
func (r *ingestReceiver) exportLogs(ctx context.Context, logs plog.Logs, ids idSource, from source) (otlpResponse, error) {
	records := logs.LogRecordCount()
	if records == 0 {
		return nil, nil
	}
	stampLogs(logs, r.now(), ids)
	report, err := r.consumeLogs(ctx, logs)
	if err != nil {
		return nil, err
	}
	r.telemetry.stored(ctx, from, records, report)
	refused := report.Count()
	if refused == 0 {
		return nil, nil
	}
	response := plogotlp.NewExportResponse()
	response.PartialSuccess().SetRejectedLogRecords(int64(min(refused, records)))
	response.PartialSuccess().SetErrorMessage(summary(report))
	return response, nil
}

// summary is what the report says in text that protobuf takes.
func summary(report *rejection.Report) string { return strings.ToValidUTF8(report.Summary(), "?") }

// errNoTraces is why traces are refused and not swallowed.
func errNoTraces() error {
	return &errcode.Error{
		Code: errcode.Unimplemented, Message: "traces are not stored yet",
		Fix: "switch off the trace exporter of the SDK (OTEL_TRACES_EXPORTER=none) or send traces elsewhere",
	}
}

func errUndecodable(message string, err error) error {
	return &errcode.Error{Code: errcode.Invalid, Field: "body", Message: "the body is not " + message + ": " + err.Error()}
}
