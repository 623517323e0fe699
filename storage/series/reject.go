package series

import (
	"context"
	"errors"
	"fmt"

	promstorage "github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// refusal is why a store won't take one sample.
type refusal struct {
	err             error
	field, reason   string
	message, remedy string
}

// refusals returns the errors of an append that concern the sample and not the store.
func refusals() []refusal {
	return []refusal{
		{promstorage.ErrTooOldSample, "time", "too_old", "is older than the store still takes", "send samples within the out-of-order window"},
		{promstorage.ErrOutOfBounds, "time", "too_old", "is older than the store still takes", "send samples within the out-of-order window"},
		{promstorage.ErrOutOfOrderSample, "time", "too_old", "is older than the newest sample of its series", "send samples in time order"},
		{promstorage.ErrDuplicateSampleForTimestamp, "value", "duplicate_timestamp", "differs from the value stored for the same time", "give each series one value at a time"},
		{storage.ErrSeriesLimit, "labels", "series_limit", "would make one series more than the organisation may have", "use fewer label values, or raise the limit"},
		{errInvalidLabels, "labels", "label_invalid", "has no name, or the same label twice", "give each label once"},
		{errInvalidHistogram, "value", "value_invalid", "is not a valid histogram", "make its buckets add up to its count"},
		{errInvalidName, "metric_name", "name_invalid", "has no name that can be stored", "use letters, digits and underscores"},
		{errUntranslatable, "value", "value_invalid", "can't be translated to Prometheus", "see the reason"},
	}
}

var (
	errInvalidLabels    = errors.New("invalid labels")
	errInvalidHistogram = errors.New("invalid histogram")
	errInvalidName      = errors.New("invalid name")
	errUntranslatable   = errors.New("untranslatable data point")
)

// refusalOf returns the refusal that err is, or nil when it concerns more than the sample.
func refusalOf(err error) *refusal {
	for _, known := range refusals() {
		if errors.Is(err, known.err) {
			return &known
		}
	}
	return refusalOfField(err)
}

// refusalOfField is what one kind of store can't hold of a sample, and says so itself.
func refusalOfField(err error) *refusal {
	var fault *errcode.Error
	if !errors.As(err, &fault) || fault.Code != errcode.Invalid || fault.Field == "" {
		return nil
	}
	reason := "value_invalid"
	if fault.Field == "labels" {
		reason = "label_invalid"
	}
	return &refusal{fault, fault.Field, reason, "can't be stored: " + fault.Message, fault.Fix}
}

// settle adds a refused data point to the report. What it returns is an error of the store.
// A sample that was stored without its exemplars is stored.
func (b *batch) settle(err error, name string, attributes pcommon.Map, ts pcommon.Timestamp) error {
	var partial *promstorage.AppendPartialError
	if err == nil || errors.As(err, &partial) {
		return nil
	}
	refused := refusalOf(err)
	if refused == nil || b.ctx.Err() != nil {
		return err
	}
	message := fmt.Sprintf("sample of %q %s (%s)", name, refused.message, refused.remedy)
	if refused.err == errInvalidHistogram || refused.err == errUntranslatable { //nolint:errorlint // The table's own values.
		message += ": " + err.Error()
	}
	b.report.Add(rejection.Item{
		Key:     rejection.SeriesKey(name, attributes),
		Time:    rejection.Milliseconds(ts),
		Field:   refused.field,
		Reason:  refused.reason,
		Message: message,
	})
	return nil
}

// RefusalOfTemporality returns why the points of a metric are refused whose temporality is not
// cumulative; false when they are not refused for that.
func RefusalOfTemporality(metric pmetric.Metric) (rejection.Item, bool) {
	temporality, has := temporalityOf(metric)
	if !has || temporality == pmetric.AggregationTemporalityCumulative {
		return rejection.Item{}, false
	}
	item := rejection.Item{
		Field:  "aggregation_temporality",
		Reason: "delta_temporality",
		Message: fmt.Sprintf("metric %q has delta temporality, which is not stored (set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative in the sender)",
			metric.Name()),
	}
	if temporality != pmetric.AggregationTemporalityDelta {
		item.Reason = "value_invalid"
		item.Message = fmt.Sprintf("metric %q has no aggregation temporality (set it to cumulative in the sender)", metric.Name())
	}
	return item, true
}

// rejectPoints refuses all points of a metric for the same reason.
func (b *batch) rejectPoints(metric pmetric.Metric, item rejection.Item) {
	for attributes, ts := range points(metric) {
		item.Key, item.Time = rejection.SeriesKey(metric.Name(), attributes), rejection.Milliseconds(ts)
		b.report.Add(item)
	}
}

// isContextError says whether err only tells that the caller went away.
func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
