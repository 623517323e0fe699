package limitsprocessor

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/internal/utf8text"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/series"
)

// metricLimits is the processor of metrics.
type metricLimits struct {
	*limits
	next consumer.Metrics
}

// ConsumeMetrics implements consumer.Metrics.
func (m *metricLimits) ConsumeMetrics(ctx context.Context, metrics pmetric.Metrics) error {
	check := m.newCheck()
	if check.allow(metrics) {
		return m.next.ConsumeMetrics(ctx, metrics)
	}
	removed := newRemoval(ctx)
	check.remove(metrics, removed)
	m.count(ctx, removed)
	if metrics.ResourceMetrics().Len() == 0 {
		return nil
	}
	return m.next.ConsumeMetrics(ctx, metrics)
}

// metricCheck checks one batch.
type metricCheck struct {
	*metricLimits
	window window
	labels attributeLimits
}

func (m *metricLimits) newCheck() *metricCheck {
	cfg := m.cfg.Metrics
	return &metricCheck{metricLimits: m, window: m.window(), labels: attributeLimits{
		count: cfg.MaxLabels, name: cfg.MaxLabelNameLength, value: cfg.MaxLabelValueLength, word: "labels",
	}}
}

// allow says whether nothing of the batch has to go.
func (c *metricCheck) allow(metrics pmetric.Metrics) bool {
	for _, resource := range metrics.ResourceMetrics().All() {
		if !resourceLimits().allow(resource.Resource().Attributes()) {
			return false
		}
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				if c.metric(metric) != nil || !c.allowPoints(metric) {
					return false
				}
			}
		}
	}
	return true
}

func (c *metricCheck) allowPoints(metric pmetric.Metric) bool {
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		return c.allowNumbers(metric.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		return c.allowNumbers(metric.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		for _, point := range metric.Histogram().DataPoints().All() {
			if !c.window.holds(point.Timestamp()) || !c.labels.allow(point.Attributes()) {
				return false
			}
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, point := range metric.ExponentialHistogram().DataPoints().All() {
			// An exact histogram is large for a label: then a closer look decides.
			if !c.window.holds(point.Timestamp()) || !c.labels.allow(point.Attributes()) && c.point(point.Timestamp(), point.Attributes()) != nil {
				return false
			}
		}
	case pmetric.MetricTypeSummary:
		for _, point := range metric.Summary().DataPoints().All() {
			if !c.window.holds(point.Timestamp()) || !c.labels.allow(point.Attributes()) {
				return false
			}
		}
	}
	return true
}

func (c *metricCheck) allowNumbers(points pmetric.NumberDataPointSlice) bool {
	for i := range points.Len() {
		point := points.At(i)
		if !c.window.holds(point.Timestamp()) || !c.labels.allow(point.Attributes()) {
			return false
		}
	}
	return true
}

// metric returns what is wrong with all points of a metric.
func (c *metricCheck) metric(metric pmetric.Metric) *violation {
	if found := c.name(metric.Name()); found != nil {
		return found
	}
	if refused, is := series.RefusalOfTemporality(metric); is {
		return &violation{refused.Field, refused.Reason, refused.Message}
	}
	return nil
}

func (c *metricCheck) name(name string) *violation {
	switch {
	case name == "":
		return &violation{fieldName, reasonName, "a metric has no name; name it"}
	case len(name) > c.cfg.Metrics.MaxNameLength:
		return &violation{fieldName, reasonName, fmt.Sprintf("the name %q... is %d bytes, longer than the %d allowed; shorten it", prefix(name), len(name), c.cfg.Metrics.MaxNameLength)}
	case !utf8text.Valid(name):
		return &violation{fieldName, reasonName, fmt.Sprintf("the name %q is not valid UTF-8; encode text as UTF-8", prefix(name))}
	}
	return nil
}

// point returns what is wrong with a point. The attribute that carries an exact histogram is no
// label.
func (c *metricCheck) point(at pcommon.Timestamp, attributes pcommon.Map) *violation {
	if found := c.outside(c.window, at); found != nil {
		return found
	}
	if _, ok := attributes.Get(series.HistogramKey); ok {
		labels := pcommon.NewMap()
		attributes.CopyTo(labels)
		labels.Remove(series.HistogramKey)
		attributes = labels
	}
	return c.labels.find(attributes)
}

// remove takes out what violates a limit, and what is left empty by that. A metric that came
// without points stays: it describes a family.
func (c *metricCheck) remove(metrics pmetric.Metrics, removed *removal) {
	metrics.ResourceMetrics().RemoveIf(func(resource pmetric.ResourceMetrics) bool {
		fault := resourceLimits().find(resource.Resource().Attributes())
		resource.ScopeMetrics().RemoveIf(func(scope pmetric.ScopeMetrics) bool {
			scope.Metrics().RemoveIf(func(metric pmetric.Metric) bool {
				return c.removePoints(metric, fault, removed)
			})
			return scope.Metrics().Len() == 0
		})
		return resource.ScopeMetrics().Len() == 0
	})
}

// removePoints takes points out of a metric, all of them when fault is not nil, and says
// whether the metric can go.
func (c *metricCheck) removePoints(metric pmetric.Metric, fault *violation, removed *removal) bool {
	if fault == nil {
		fault = c.metric(metric)
	}
	bad := func(at pcommon.Timestamp, attributes pcommon.Map) bool {
		found := fault
		if found == nil {
			found = c.point(at, attributes)
		}
		if found != nil {
			removed.add(found, rejection.SeriesKey(metric.Name(), attributes), rejection.Milliseconds(at))
		}
		return found != nil
	}
	before, after := 0, 0
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		before, after = removeNumbers(metric.Gauge().DataPoints(), bad)
	case pmetric.MetricTypeSum:
		before, after = removeNumbers(metric.Sum().DataPoints(), bad)
	case pmetric.MetricTypeHistogram:
		points := metric.Histogram().DataPoints()
		before = points.Len()
		points.RemoveIf(func(p pmetric.HistogramDataPoint) bool { return bad(p.Timestamp(), p.Attributes()) })
		after = points.Len()
	case pmetric.MetricTypeExponentialHistogram:
		points := metric.ExponentialHistogram().DataPoints()
		before = points.Len()
		points.RemoveIf(func(p pmetric.ExponentialHistogramDataPoint) bool { return bad(p.Timestamp(), p.Attributes()) })
		after = points.Len()
	case pmetric.MetricTypeSummary:
		points := metric.Summary().DataPoints()
		before = points.Len()
		points.RemoveIf(func(p pmetric.SummaryDataPoint) bool { return bad(p.Timestamp(), p.Attributes()) })
		after = points.Len()
	}
	return after == 0 && (before > 0 || fault != nil)
}

func removeNumbers(points pmetric.NumberDataPointSlice, bad func(pcommon.Timestamp, pcommon.Map) bool) (before, after int) {
	before = points.Len()
	points.RemoveIf(func(p pmetric.NumberDataPoint) bool { return bad(p.Timestamp(), p.Attributes()) })
	return before, points.Len()
}
