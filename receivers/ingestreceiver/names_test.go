package ingestreceiver

import (
	"testing"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
)

func TestNamesAgreeWithPrometheus(t *testing.T) {
	names := []string{"", "a", "_", ":", "a:b", "a1", "1a", "a.b", "a-b", "ü", "A_z9", "a b", "__name__", "a\x00"}
	for _, name := range names {
		assert.Equal(t, model.LegacyValidation.IsValidMetricName(name), validMetricName(name), "%q", name)
		assert.Equal(t, model.LegacyValidation.IsValidLabelName(name), validLabelName(name), "%q", name)
	}
}
