// Package series carries Prometheus series through pdata unchanged, and turns pdata into
// samples of Prometheus series.
//
// Two kinds of metrics travel in pmetric.Metrics. OTLP metrics are translated once, by
// Prometheus' own rules, where they are stored. Series that are Prometheus series already
// (remote write, JSON) travel in a marked scope and are appended exactly as they were sent:
//
//   - the resource is empty; the scope's name is ScopeName;
//   - Metric.Name is __name__, Description and Unit are the metadata, and Metric.Metadata
//     holds TypeKey with Prometheus' metric type when it is known;
//   - a float sample is a data point of a Gauge with a double value; its attributes are the
//     labels but __name__, all strings; the flag NoRecordedValue is a staleness marker;
//   - a native histogram is a data point of an ExponentialHistogram with time, count and sum
//     set, whose attribute HistogramKey holds the exact histogram as bytes: protobuf
//     io.prometheus.write.v2.Histogram;
//   - an exemplar's labels are its filtered attributes, trace_id and span_id among them.
package series

const (
	// ScopeName marks a scope whose metrics are Prometheus series.
	ScopeName = "github.com/pharos-obs/pharos/storage/series"
	// TypeKey is the key of Prometheus' metric type in a metric's metadata, as in the
	// Collector's Prometheus receiver.
	TypeKey = "prometheus.type"
	// HistogramKey is the attribute that holds an exact native histogram.
	HistogramKey = "pharos.native_histogram"
)
