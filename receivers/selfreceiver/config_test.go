package selfreceiver

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func TestDefaultConfig(t *testing.T) {
	cfg := NewFactory().CreateDefaultConfig()
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	require.NoError(t, cfg.(*Config).Validate())

	exclude := regexp.MustCompile(cfg.(*Config).Exclude)
	for _, name := range []string{"go_gc_duration_seconds", "go_sched_gomaxprocs_threads"} {
		assert.True(t, exclude.MatchString(name), name)
	}
	for _, name := range []string{"go_goroutines", "go_memstats_heap_inuse_bytes", "process_cpu_seconds_total", "pharos_go_gc_x"} {
		assert.False(t, exclude.MatchString(name), name)
	}
}

func TestReadmeExample(t *testing.T) {
	example, err := os.ReadFile("testdata/config.yaml")
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "```yaml\n"+string(example)+"```")

	conf, err := confmaptest.LoadConf("testdata/config.yaml")
	require.NoError(t, err)
	conf, err = conf.Sub("receivers::self")
	require.NoError(t, err)
	cfg := defaultConfig()
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, cfg.Validate())
	assert.Equal(t, &Config{CollectionInterval: time.Second, Exclude: "^go_"}, cfg)
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"interval", func(c *Config) { c.CollectionInterval = 1 }, "collection_interval: 1ns is too short: use at least 100ms"},
		{"include", func(c *Config) { c.Include = "(" }, "include: error parsing regexp"},
		{"exclude", func(c *Config) { c.Exclude = "*" }, "exclude: error parsing regexp"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := defaultConfig()
			tt.change(cfg)
			assert.ErrorContains(t, cfg.Validate(), tt.want)
		})
	}
}
