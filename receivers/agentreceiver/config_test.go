package agentreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "receivers::agent", defaultConfig())
	assert.Equal(t, &Config{CollectionInterval: time.Minute, Status: component.MustNewID("agent_status"), HostName: "web-1"}, cfg)
	assert.Equal(t, map[string]component.ID{"status": cfg.Status}, cfg.References())
}

func TestValidate(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"collection_interval is 1ms: use at least 100ms": func(c *Config) { c.CollectionInterval = time.Millisecond },
	})
}
