package limitsprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestExampleIsTheDefault(t *testing.T) {
	assert.Equal(t, defaultConfig(), configtest.Example(t, "processors::limits", &Config{}))
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"past: 0s is not positive; choose what the stores take":                func(c *Config) { c.Past = 0 },
		"future: -1ns is negative":                                             func(c *Config) { c.Future = -1 },
		"metrics::max_labels: 0 is not positive; leave it out for the default": func(c *Config) { c.Metrics.MaxLabels = 0 },
		"metrics::max_name_length":                                             func(c *Config) { c.Metrics.MaxNameLength = -1 },
		"metrics::max_label_name_length":                                       func(c *Config) { c.Metrics.MaxLabelNameLength = 0 },
		"metrics::max_label_value_length":                                      func(c *Config) { c.Metrics.MaxLabelValueLength = 0 },
		"logs::max_message_bytes":                                              func(c *Config) { c.Logs.MaxMessageBytes = 0 },
		"logs::max_attributes":                                                 func(c *Config) { c.Logs.MaxAttributes = 0 },
		"logs::max_attribute_name_length":                                      func(c *Config) { c.Logs.MaxAttributeNameLength = 0 },
		"logs::max_attribute_value_length":                                     func(c *Config) { c.Logs.MaxAttributeValueLength = 0 },
	})
}
