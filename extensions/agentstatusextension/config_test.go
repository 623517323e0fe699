package agentstatusextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "extensions::agent_status", defaultConfig())
	assert.Equal(t, &Config{File: "/var/lib/pharos-agent/status.json", Interval: 30 * time.Second}, cfg)
}

func TestValidate(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"interval is 1ms: use at least 100ms": func(c *Config) { c.Interval = time.Millisecond },
	})
}
