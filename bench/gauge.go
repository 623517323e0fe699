package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// gauge returns the sum of a gauge's series that a role says of itself.
func (s *server) gauge(ctx context.Context, name string) (float64, error) {
	status, body, err := get(ctx, s.ops+"/metrics", "")
	if err != nil {
		return 0, err
	}
	if status != http.StatusOK {
		return 0, fmt.Errorf("read %s/metrics: status %d", s.ops, status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("read %s/metrics: %w", s.ops, err)
	}
	family := families[name]
	if family == nil {
		return 0, fmt.Errorf("%s/metrics has no %s", s.ops, name)
	}
	sum := 0.0
	for _, series := range family.GetMetric() {
		sum += series.GetGauge().GetValue()
	}
	return sum, nil
}
