package readinessextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "extensions::readiness", defaultConfig())
	assert.Equal(t, &Config{Required: []string{"storage::metadata", "exporter::kafka"}, Timeout: time.Second}, cfg)
}

func TestValidate(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"timeout is 0s: use at least 10ms": func(c *Config) { c.Timeout = 0 },
		"required has an empty name":       func(c *Config) { c.Required = []string{" "} },
	})
}

func TestRequired(t *testing.T) {
	cfg := &Config{Required: []string{"storage", "exporter::kafka"}}
	for name, want := range map[string]bool{
		"storage": true, "storage::metadata": true, "storage/hot::metric_store": false,
		"exporter::kafka": true, "exporter::kafka/2": false, "receiver::kafka": false,
	} {
		assert.Equal(t, want, cfg.required(name), name)
	}
}
