package ingestreceiver

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func TestExampleIsTheDefault(t *testing.T) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	example, err := conf.Sub("ingest")
	require.NoError(t, err)
	cfg := &Config{}
	require.NoError(t, example.Unmarshal(cfg))
	require.NoError(t, cfg.Validate())
	assert.Equal(t, createDefaultConfig(), cfg)
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no gateway", func(c *Config) { c.Gateway = component.ID{} }, "gateway: is empty; name the extension that owns the listeners"},
		{"small limit", func(c *Config) { c.MaxBodyDecompressed = 0 }, "max_body_decompressed: 0 is out of range; choose a number of bytes between 1024 (1 KiB)"},
		{"huge limit", func(c *Config) { c.MaxBodyDecompressed = 1<<30 + 1 }, "max_body_decompressed: 1073741825 is out of range"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			test.change(cfg)
			assert.ErrorContains(t, cfg.Validate(), test.want)
		})
	}
}
