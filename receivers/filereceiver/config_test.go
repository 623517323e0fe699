package filereceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func validConfig() *Config {
	cfg := defaultConfig()
	cfg.Include = []string{"/var/log/*.log"}
	return cfg
}

func TestReadmeExample(t *testing.T) {
	want := defaultConfig()
	want.Include = []string{"/var/log/shop/*.log", "/var/log/shop/archive/**/*.log*"}
	want.Exclude = []string{"/var/log/shop/debug.log"}
	want.Service, want.Format, want.Timezone = "shop", "json", "Europe/Berlin"
	want.Multiline.Preset, want.StartAt = "stacktrace", "beginning"
	assert.Equal(t, want, configtest.Example(t, "receivers::files/shop", defaultConfig()))
}

func TestValidate(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	configtest.Faults(t, validConfig, map[string]func(*Config){
		"include: is empty":               func(c *Config) { c.Include = nil },
		`include: has "x.log"`:            func(c *Config) { c.Include = []string{"x.log"} },
		`exclude: has "/a/["`:             func(c *Config) { c.Exclude = []string{"/a/["} },
		`start_at: is "middle"`:           func(c *Config) { c.StartAt = "middle" },
		"directory: is empty":             func(c *Config) { c.Directory = "" },
		"poll_interval: is 0s":            func(c *Config) { c.PollInterval = 0 },
		"discover_interval: is 0s":        func(c *Config) { c.DiscoverInterval = 0 },
		"rotate_wait: is 1":               func(c *Config) { c.RotateWait = time.Nanosecond },
		"max_record_bytes: is 10":         func(c *Config) { c.MaxRecordBytes = 10 },
		"max_batch_bytes: is 10":          func(c *Config) { c.MaxBatchBytes = 10 },
		"max_open_files: is 0":            func(c *Config) { c.MaxOpenFiles = 0 },
		`format is "xml": use one of`:     func(c *Config) { c.Format = "xml" },
		"preset: is not the only one":     func(c *Config) { c.Multiline.Preset, c.Multiline.Start = "stacktrace", "^a" },
		`preset: is "java"`:               func(c *Config) { c.Multiline.Preset = "java" },
		"start: is no regular expression": func(c *Config) { c.Multiline.Start = "(" },
		"end: is no regular expression":   func(c *Config) { c.Multiline.End = "(" },
		"flush: is 0s":                    func(c *Config) { c.Multiline.Flush = 0 },
	})
}
