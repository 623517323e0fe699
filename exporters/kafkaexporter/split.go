package kafkaexporter

import (
	"maps"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/pharos-obs/pharos/internal/otlpitems"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// signal is what the exporter needs to know of metrics, logs or traces.
type signal[T any] struct {
	name    string
	topic   string
	empty   func(T) bool
	items   func(T) int
	size    func(T) int
	marshal func(T) ([]byte, error)
	// bySlot cuts a batch by the slots of its resources; the batch is left as it is.
	bySlot func(data T, slots int) map[int]T
	// halve makes two batches of the items of one, which is left as it is.
	halve func(T) (first, second T)
	// first describes the first item.
	first func(T) rejection.Item
	// batch returns the id of the batch, empty when it has none.
	batch func(T) string
}

// part is what becomes one message.
type part struct {
	slot  int
	items int
	value []byte
}

// parts cuts a batch into messages of at most limit bytes. Single items that are larger are
// returned apart.
func (s *signal[T]) parts(data T, slots, limit int) (parts []part, refused []rejection.Item, err error) {
	bySlot := s.bySlot(data, slots)
	for _, slot := range slices.Sorted(maps.Keys(bySlot)) {
		if err := s.fit(bySlot[slot], limit, func(value []byte, items int) {
			parts = append(parts, part{slot: slot, items: items, value: value})
		}, func(item rejection.Item) { refused = append(refused, item) }); err != nil {
			return nil, nil, err
		}
	}
	return parts, refused, nil
}

func (s *signal[T]) fit(data T, limit int, add func([]byte, int), refuse func(rejection.Item)) error {
	items := s.items(data)
	if s.size(data) <= limit {
		value, err := s.marshal(data)
		if err != nil {
			return err
		}
		add(value, items)
		return nil
	}
	if items <= 1 {
		refuse(s.first(data))
		return nil
	}
	first, second := s.halve(data)
	if err := s.fit(first, limit, add, refuse); err != nil {
		return err
	}
	return s.fit(second, limit, add, refuse)
}

func metricsSignal(topic string) *signal[pmetric.Metrics] {
	var codec pmetric.ProtoMarshaler
	return &signal[pmetric.Metrics]{
		name: "metrics", topic: topic,
		empty: func(m pmetric.Metrics) bool { return m.ResourceMetrics().Len() == 0 },
		items: pmetric.Metrics.DataPointCount, size: codec.MetricsSize, marshal: codec.MarshalMetrics,
		bySlot: func(metrics pmetric.Metrics, slots int) map[int]pmetric.Metrics {
			return bySlot(metrics, metrics.ResourceMetrics(), slots, pmetric.NewMetrics, func(into pmetric.Metrics, resource pmetric.ResourceMetrics) {
				resource.CopyTo(into.ResourceMetrics().AppendEmpty())
			})
		},
		halve: func(metrics pmetric.Metrics) (first, second pmetric.Metrics) {
			half := metrics.DataPointCount() / 2
			first, second = pmetric.NewMetrics(), pmetric.NewMetrics()
			metrics.CopyTo(first)
			metrics.CopyTo(second)
			otlpitems.KeepMetrics(first, func(at int, _ pmetric.Metric, _ otlpitems.Point) bool { return at < half })
			otlpitems.KeepMetrics(second, func(at int, _ pmetric.Metric, _ otlpitems.Point) bool { return at >= half })
			return first, second
		},
		first: func(metrics pmetric.Metrics) (item rejection.Item) {
			copied := pmetric.NewMetrics()
			metrics.CopyTo(copied)
			otlpitems.KeepMetrics(copied, func(_ int, metric pmetric.Metric, point otlpitems.Point) bool {
				item.Key, item.Time = rejection.SeriesKey(metric.Name(), point.Attributes()), rejection.Milliseconds(point.Timestamp())
				return true
			})
			item.Field = "labels"
			return item
		},
		batch: func(pmetric.Metrics) string { return "" },
	}
}

func logsSignal(topic string) *signal[plog.Logs] {
	var codec plog.ProtoMarshaler
	return &signal[plog.Logs]{
		name: "logs", topic: topic,
		empty: func(l plog.Logs) bool { return l.LogRecordCount() == 0 },
		items: plog.Logs.LogRecordCount, size: codec.LogsSize, marshal: codec.MarshalLogs,
		bySlot: func(logs plog.Logs, slots int) map[int]plog.Logs {
			return bySlot(logs, logs.ResourceLogs(), slots, plog.NewLogs, func(into plog.Logs, resource plog.ResourceLogs) {
				resource.CopyTo(into.ResourceLogs().AppendEmpty())
			})
		},
		halve: func(logs plog.Logs) (first, second plog.Logs) {
			half := logs.LogRecordCount() / 2
			first, second = plog.NewLogs(), plog.NewLogs()
			logs.CopyTo(first)
			logs.CopyTo(second)
			otlpitems.KeepLogs(first, func(at int, _ plog.LogRecord) bool { return at < half })
			otlpitems.KeepLogs(second, func(at int, _ plog.LogRecord) bool { return at >= half })
			return first, second
		},
		first: func(logs plog.Logs) rejection.Item {
			record, _ := firstRecord(logs)
			at := record.Timestamp()
			if at == 0 {
				at = record.ObservedTimestamp()
			}
			return rejection.Item{Key: recordID(record), Time: rejection.Milliseconds(at), Field: "message"}
		},
		batch: func(logs plog.Logs) string {
			record, ok := firstRecord(logs)
			if !ok {
				return ""
			}
			batch, _, _ := logrecord.SplitID(recordID(record))
			return batch
		},
	}
}

func tracesSignal(topic string) *signal[ptrace.Traces] {
	var codec ptrace.ProtoMarshaler
	return &signal[ptrace.Traces]{
		name: "traces", topic: topic,
		empty: func(t ptrace.Traces) bool { return t.SpanCount() == 0 },
		items: ptrace.Traces.SpanCount, size: codec.TracesSize, marshal: codec.MarshalTraces,
		bySlot: func(traces ptrace.Traces, slots int) map[int]ptrace.Traces {
			return bySlot(traces, traces.ResourceSpans(), slots, ptrace.NewTraces, func(into ptrace.Traces, resource ptrace.ResourceSpans) {
				resource.CopyTo(into.ResourceSpans().AppendEmpty())
			})
		},
		halve: func(traces ptrace.Traces) (first, second ptrace.Traces) {
			half := traces.SpanCount() / 2
			first, second = ptrace.NewTraces(), ptrace.NewTraces()
			traces.CopyTo(first)
			traces.CopyTo(second)
			otlpitems.KeepTraces(first, func(at int, _ ptrace.Span) bool { return at < half })
			otlpitems.KeepTraces(second, func(at int, _ ptrace.Span) bool { return at >= half })
			return first, second
		},
		first: func(ptrace.Traces) rejection.Item { return rejection.Item{Field: "attributes"} },
		batch: func(ptrace.Traces) string { return "" },
	}
}

// resources is a slice of pdata.
type resources[R any] interface {
	Len() int
	At(int) R
}

// bySlot copies resources apart, unless all are in one slot.
func bySlot[T any, R interface{ Resource() pcommon.Resource }](
	data T, all resources[R], slots int, create func() T, add func(T, R),
) map[int]T {
	cut := map[int]T{}
	one := -1
	for i := range all.Len() {
		slot := slotOf(all.At(i).Resource(), slots)
		if i == 0 {
			one = slot
		}
		if slot != one {
			one = -1
			break
		}
	}
	if one >= 0 {
		cut[one] = data
		return cut
	}
	for i := range all.Len() {
		slot := slotOf(all.At(i).Resource(), slots)
		if _, ok := cut[slot]; !ok {
			cut[slot] = create()
		}
		add(cut[slot], all.At(i))
	}
	return cut
}

func firstRecord(logs plog.Logs) (plog.LogRecord, bool) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				return record, true
			}
		}
	}
	return plog.LogRecord{}, false
}

func recordID(record plog.LogRecord) string {
	id, ok := record.Attributes().Get(logrecord.IDAttribute)
	if !ok {
		return ""
	}
	return id.AsString()
}
