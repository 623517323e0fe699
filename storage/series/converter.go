package series

import (
	"context"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

const (
	serviceName = "service.name"
	// serviceLabel is the label that holds the name of the service, beside Prometheus' job. A
	// data point's own attribute of that name wins over it.
	serviceLabel = "service"
	k8sPrefix    = "k8s."
)

// promoted returns the resource attributes that become labels of every series, beside k8s.*.
func promoted() []string {
	return []string{"host.name", "service.namespace", "deployment.environment.name", "cloud.region"}
}

// converter runs Prometheus' OTLP converter for the data points of one resource.
type converter struct {
	resource pcommon.Resource
	settings prometheusremotewrite.Settings
}

// newConverter returns a converter with a copy of the resource.
func newConverter(from pcommon.Resource) *converter {
	own := pcommon.NewResource()
	from.CopyTo(own)
	return &converter{resource: own, settings: translation(own.Attributes())}
}

// translation returns the settings of the converter for a resource.
func translation(attributes pcommon.Map) prometheusremotewrite.Settings {
	names := promoted()
	for name := range attributes.All() {
		if strings.HasPrefix(name, k8sPrefix) {
			names = append(names, name)
		}
	}
	settings := prometheusremotewrite.Settings{
		AddMetricSuffixes: true,
		DisableTargetInfo: true,
		PromoteResourceAttributes: prometheusremotewrite.NewPromoteResourceAttributes(config.OTLPConfig{
			PromoteResourceAttributes: names,
		}),
	}
	if service, ok := attributes.Get(serviceName); ok && service.AsString() != "" {
		settings.ExternalLabels = map[string]string{serviceLabel: service.AsString()}
	}
	return settings
}

// metrics returns empty metrics of the resource, for a conversion.
func (c *converter) metrics() (pmetric.Metrics, pmetric.MetricSlice) {
	metrics := pmetric.NewMetrics()
	rm := metrics.ResourceMetrics().AppendEmpty()
	c.resource.CopyTo(rm.Resource())
	return metrics, rm.ScopeMetrics().AppendEmpty().Metrics()
}

// convert hands what the metrics become to the function, sample by sample. The options are
// only valid during the call.
func (c *converter) convert(ctx context.Context, metrics pmetric.Metrics, to appendFunc) error {
	_, err := prometheusremotewrite.NewPrometheusConverter(to).FromMetrics(ctx, metrics, c.settings)
	if err != nil && !isContextError(err) {
		return fmt.Errorf("%w: %w", errUntranslatable, err)
	}
	return err
}

// targetInfo returns the series that describes the resource, or nil when it has none.
func (c *converter) targetInfo(ctx context.Context) (*entry, error) {
	metrics, slice := c.metrics()
	slice.AppendEmpty().SetEmptyGauge().DataPoints().AppendEmpty().SetTimestamp(1)
	slice.At(0).SetName("x")
	settings := c.settings
	settings.DisableTargetInfo = false
	var info *entry
	_, err := prometheusremotewrite.NewPrometheusConverter(appendFunc(func(s sample) error {
		if s.opts.MetricFamilyName == targetInfoName {
			info = &entry{labels: s.labels, family: targetInfoName, kind: s.opts.Metadata.Type}
		}
		return nil
	})).FromMetrics(ctx, metrics, settings)
	if isContextError(err) {
		return nil, err
	}
	return info, nil // a resource that can't be described still has data points
}

const (
	targetInfoName = "target_info"
	targetInfoHelp = "Target metadata"
)

// sample is what the converter appends.
type sample struct {
	labels   labels.Labels
	start, t int64
	v        float64
	h        *histogram.Histogram
	fh       *histogram.FloatHistogram
	opts     promstorage.AppendV2Options
}

func (s sample) appendTo(app promstorage.AppenderV2) (promstorage.SeriesRef, error) {
	return app.Append(0, s.labels, s.start, s.t, s.v, s.h, s.fh, s.opts)
}

// appendFunc is an appender that hands on each sample.
type appendFunc func(sample) error

var _ promstorage.AppenderV2 = appendFunc(nil)

// Append implements storage.AppenderV2.
func (f appendFunc) Append(_ promstorage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts promstorage.AppendV2Options) (promstorage.SeriesRef, error) {
	return 0, f(sample{labels: ls, start: st, t: t, v: v, h: h, fh: fh, opts: opts})
}

// Commit implements storage.AppenderV2.
func (f appendFunc) Commit() error { return nil }

// Rollback implements storage.AppenderV2.
func (f appendFunc) Rollback() error { return nil }
