package api

import (
	"math"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

func typeName(family *dto.MetricFamily) string {
	return strings.ToLower(family.GetType().String())
}

// platformMetricOf converts a metric. Values that JSON has no number for are left out.
func platformMetricOf(metric *dto.Metric) platformMetric {
	var out platformMetric
	for _, pair := range metric.GetLabel() {
		if out.Labels == nil {
			out.Labels = map[string]string{}
		}
		out.Labels[pair.GetName()] = pair.GetValue()
	}
	switch {
	case metric.GetCounter() != nil:
		out.Value = finite(metric.GetCounter().GetValue())
	case metric.GetGauge() != nil:
		out.Value = finite(metric.GetGauge().GetValue())
	case metric.GetUntyped() != nil:
		out.Value = finite(metric.GetUntyped().GetValue())
	case metric.GetHistogram() != nil:
		count := metric.GetHistogram().GetSampleCount()
		out.Count, out.Sum = &count, finite(metric.GetHistogram().GetSampleSum())
	case metric.GetSummary() != nil:
		count := metric.GetSummary().GetSampleCount()
		out.Count, out.Sum = &count, finite(metric.GetSummary().GetSampleSum())
	}
	return out
}

func finite(value float64) *float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil
	}
	return &value
}
