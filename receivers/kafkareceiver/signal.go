package kafkareceiver

import (
	"context"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/pharos-obs/pharos/internal/otlpitems"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// metricsName is the name of the signal that hot tiers hold.
const metricsName = "metrics"

// signal is what the receiver needs to know of metrics, logs or traces.
type signal[T any] struct {
	name      string
	topic     string
	unmarshal func([]byte) (T, error)
	marshal   func(T) ([]byte, error)
	items     func(T) int
	// merge moves all of from into the other.
	merge   func(into, from T)
	consume func(context.Context, T) error
	// keep leaves the items that were refused, and removes the others.
	keep func(data T, refused refusedItems)
}

// itemKey identifies an item, as rejection.Item does. Log records have no time: their id is
// enough.
type itemKey struct {
	key  string
	time int64
}

func metricsSignal(topic string, next consumer.Metrics) *signal[pmetric.Metrics] {
	var (
		encoder pmetric.ProtoMarshaler
		decoder pmetric.ProtoUnmarshaler
	)
	return &signal[pmetric.Metrics]{
		name: metricsName, topic: topic, unmarshal: decoder.UnmarshalMetrics, marshal: encoder.MarshalMetrics,
		items: pmetric.Metrics.DataPointCount, consume: next.ConsumeMetrics,
		merge: func(into, from pmetric.Metrics) {
			from.ResourceMetrics().MoveAndAppendTo(into.ResourceMetrics())
		},
		keep: func(metrics pmetric.Metrics, refused refusedItems) {
			otlpitems.KeepMetrics(metrics, func(_ int, metric pmetric.Metric, point otlpitems.Point) bool {
				return refused.find(itemKey{rejection.SeriesKey(metric.Name(), point.Attributes()), rejection.Milliseconds(point.Timestamp())})
			})
		},
	}
}

func logsSignal(topic string, next consumer.Logs) *signal[plog.Logs] {
	var (
		encoder plog.ProtoMarshaler
		decoder plog.ProtoUnmarshaler
	)
	return &signal[plog.Logs]{
		name: "logs", topic: topic, unmarshal: decoder.UnmarshalLogs, marshal: encoder.MarshalLogs,
		items: plog.Logs.LogRecordCount, consume: next.ConsumeLogs,
		merge: func(into, from plog.Logs) {
			from.ResourceLogs().MoveAndAppendTo(into.ResourceLogs())
		},
		keep: func(logs plog.Logs, refused refusedItems) {
			otlpitems.KeepLogs(logs, func(_ int, record plog.LogRecord) bool {
				id, ok := record.Attributes().Get(logrecord.IDAttribute)
				return ok && refused.find(itemKey{key: id.AsString()})
			})
		},
	}
}

func tracesSignal(topic string, next consumer.Traces) *signal[ptrace.Traces] {
	var (
		encoder ptrace.ProtoMarshaler
		decoder ptrace.ProtoUnmarshaler
	)
	return &signal[ptrace.Traces]{
		name: "traces", topic: topic, unmarshal: decoder.UnmarshalTraces, marshal: encoder.MarshalTraces,
		items: ptrace.Traces.SpanCount, consume: next.ConsumeTraces,
		merge: func(into, from ptrace.Traces) {
			from.ResourceSpans().MoveAndAppendTo(into.ResourceSpans())
		},
		// No store tells spans apart: a message with a refused one is a dead letter as a whole.
		keep: func(traces ptrace.Traces, _ refusedItems) {
			otlpitems.KeepTraces(traces, func(int, ptrace.Span) bool { return false })
		},
	}
}

// refusedItems are the items of a report, and whether each was found in a message.
type refusedItems map[itemKey]bool

func (s *signal[T]) refusedItems(items []rejection.Item) refusedItems {
	refused := make(refusedItems, len(items))
	for i := range items {
		key := itemKey{key: items[i].Key, time: items[i].Time}
		if s.name == "logs" {
			key.time = 0
		}
		refused[key] = false
	}
	return refused
}

func (r refusedItems) find(key itemKey) bool {
	_, ok := r[key]
	if ok {
		r[key] = true
	}
	return ok
}

func (r refusedItems) allFound() bool {
	for _, found := range r {
		if !found {
			return false
		}
	}
	return true
}
