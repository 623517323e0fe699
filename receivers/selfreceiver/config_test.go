package selfreceiver

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
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
	cfg := configtest.Example(t, "receivers::self", defaultConfig())
	assert.Equal(t, &Config{CollectionInterval: time.Second, Exclude: "^go_"}, cfg)
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"collection_interval: 1ns is too short: use at least 100ms": func(c *Config) { c.CollectionInterval = 1 },
		"include: error parsing regexp":                             func(c *Config) { c.Include = "(" },
		"exclude: error parsing regexp":                             func(c *Config) { c.Exclude = "*" },
	})
}
