package limitsprocessor

import (
	"fmt"
	"time"
)

// Config is the configuration of the processor.
type Config struct {
	// Past is how old a point or record may be. It should be what the stores take.
	Past time.Duration `mapstructure:"past"`

	// Future is how far ahead of this machine's clock a point or record may be.
	Future time.Duration `mapstructure:"future"`

	// Metrics limits data points.
	Metrics MetricsConfig `mapstructure:"metrics"`

	// Logs limits log records.
	Logs LogsConfig `mapstructure:"logs"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// MetricsConfig limits data points. Lengths are in bytes.
type MetricsConfig struct {
	// MaxLabels limits the labels of a point, without those of its resource.
	MaxLabels int `mapstructure:"max_labels"`

	// MaxNameLength limits the metric's name.
	MaxNameLength int `mapstructure:"max_name_length"`

	// MaxLabelNameLength limits the name of a label.
	MaxLabelNameLength int `mapstructure:"max_label_name_length"`

	// MaxLabelValueLength limits the value of a label.
	MaxLabelValueLength int `mapstructure:"max_label_value_length"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// LogsConfig limits log records. Lengths are in bytes.
type LogsConfig struct {
	// MaxMessageBytes limits the message, and the json object apart from it. A longer message is
	// refused and not cut, so that nobody takes a part for the whole.
	MaxMessageBytes int `mapstructure:"max_message_bytes"`

	// MaxAttributes limits the attributes of a record, without those of its resource.
	MaxAttributes int `mapstructure:"max_attributes"`

	// MaxAttributeNameLength limits the name of an attribute.
	MaxAttributeNameLength int `mapstructure:"max_attribute_name_length"`

	// MaxAttributeValueLength limits the value of an attribute.
	MaxAttributeValueLength int `mapstructure:"max_attribute_value_length"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func defaultConfig() *Config {
	return &Config{
		Past:   24 * time.Hour,
		Future: 10 * time.Minute,
		Metrics: MetricsConfig{
			MaxLabels: 64, MaxNameLength: 512, MaxLabelNameLength: 256, MaxLabelValueLength: 4 << 10,
		},
		Logs: LogsConfig{
			MaxMessageBytes: 1 << 20, MaxAttributes: 128, MaxAttributeNameLength: 256, MaxAttributeValueLength: 256 << 10,
		},
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	if c.Past <= 0 {
		return fmt.Errorf("past: %s is not positive; choose what the stores take, such as 24h", c.Past)
	}
	if c.Future < 0 {
		return fmt.Errorf("future: %s is negative; choose how far clocks may differ, such as 10m", c.Future)
	}
	for _, limit := range []struct {
		name  string
		value int
	}{
		{"metrics::max_labels", c.Metrics.MaxLabels},
		{"metrics::max_name_length", c.Metrics.MaxNameLength},
		{"metrics::max_label_name_length", c.Metrics.MaxLabelNameLength},
		{"metrics::max_label_value_length", c.Metrics.MaxLabelValueLength},
		{"logs::max_message_bytes", c.Logs.MaxMessageBytes},
		{"logs::max_attributes", c.Logs.MaxAttributes},
		{"logs::max_attribute_name_length", c.Logs.MaxAttributeNameLength},
		{"logs::max_attribute_value_length", c.Logs.MaxAttributeValueLength},
	} {
		if limit.value <= 0 {
			return fmt.Errorf("%s: %d is not positive; leave it out for the default", limit.name, limit.value)
		}
	}
	return nil
}
