package ingestreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestExampleIsTheDefault(t *testing.T) {
	assert.Equal(t, defaultConfig(), configtest.Example(t, "receivers::ingest", &Config{}))
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"gateway: is empty; name the extension that owns the listeners":                           func(c *Config) { c.Gateway = component.ID{} },
		"max_body_decompressed: 0 is out of range; choose a number of bytes between 1024 (1 KiB)": func(c *Config) { c.MaxBodyDecompressed = 0 },
		"max_body_decompressed: 1073741825 is out of range":                                       func(c *Config) { c.MaxBodyDecompressed = 1<<30 + 1 },
	})
}
