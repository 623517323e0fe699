package limitsprocessor

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func TestExampleIsTheDefault(t *testing.T) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	example, err := conf.Sub("limits")
	require.NoError(t, err)
	cfg := &Config{}
	require.NoError(t, example.Unmarshal(cfg))
	require.NoError(t, cfg.Validate())
	assert.Equal(t, createDefaultConfig(), cfg)
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"past", func(c *Config) { c.Past = 0 }, "past: 0s is not positive; choose what the stores take"},
		{"future", func(c *Config) { c.Future = -1 }, "future: -1ns is negative"},
		{"labels", func(c *Config) { c.Metrics.MaxLabels = 0 }, "metrics::max_labels: 0 is not positive; leave it out for the default"},
		{"name", func(c *Config) { c.Metrics.MaxNameLength = -1 }, "metrics::max_name_length"},
		{"label name", func(c *Config) { c.Metrics.MaxLabelNameLength = 0 }, "metrics::max_label_name_length"},
		{"label value", func(c *Config) { c.Metrics.MaxLabelValueLength = 0 }, "metrics::max_label_value_length"},
		{"message", func(c *Config) { c.Logs.MaxMessageBytes = 0 }, "logs::max_message_bytes"},
		{"attributes", func(c *Config) { c.Logs.MaxAttributes = 0 }, "logs::max_attributes"},
		{"attribute name", func(c *Config) { c.Logs.MaxAttributeNameLength = 0 }, "logs::max_attribute_name_length"},
		{"attribute value", func(c *Config) { c.Logs.MaxAttributeValueLength = 0 }, "logs::max_attribute_value_length"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			test.change(cfg)
			assert.ErrorContains(t, cfg.Validate(), test.want)
		})
	}
}
