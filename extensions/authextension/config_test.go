package authextension

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

// The README's example is testdata/config.yaml, and spells out the defaults.
func TestExample(t *testing.T) {
	loaded, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	section, err := loaded.Sub("auth")
	require.NoError(t, err)
	cfg := &Config{}

	require.NoError(t, section.Unmarshal(cfg))

	assert.Equal(t, defaultConfig(), cfg)
	assert.NoError(t, cfg.Validate())
}

func TestReadmeShowsTheExample(t *testing.T) {
	readme, example := read(t, "README.md"), read(t, filepath.Join("testdata", "config.yaml"))
	for line := range strings.Lines(example) {
		assert.Contains(t, readme, "  "+line)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		says   string
	}{
		{"no storage", func(c *Config) { c.Storage = component.ID{} }, "storage is empty"},
		{"access token too short", func(c *Config) { c.AccessTokenTTL = time.Second }, "access_token_ttl is 1s: use 1m0s to 24h0m0s"},
		{"access token too long", func(c *Config) { c.AccessTokenTTL = 25 * time.Hour }, "access_token_ttl is 25h"},
		{"refresh token too short", func(c *Config) { c.RefreshTokenTTL = time.Minute }, "refresh_token_ttl is 1m"},
		{"refresh token ends first", func(c *Config) { c.AccessTokenTTL, c.RefreshTokenTTL = 2*time.Hour, time.Hour }, "longer than access_token_ttl"},
		{"link too short", func(c *Config) { c.LoginLinkTTL = 0 }, "login_link_ttl is 0s"},
		{"cache too short", func(c *Config) { c.Cache.TTL = time.Millisecond }, "cache::ttl is 1ms"},
		{"grace too long", func(c *Config) { c.Cache.Grace = 48 * time.Hour }, "cache::grace is 48h"},
		{"grace below cache", func(c *Config) { c.Cache.Grace = time.Second }, "cache::grace is shorter than cache::ttl"},
		{"no hashing", func(c *Config) { c.PasswordHashings = 0 }, "password_hashings is 0: use 1 to 64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := defaultConfig()
			require.NoError(t, cfg.Validate())
			tt.change(cfg)
			assert.ErrorContains(t, cfg.Validate(), tt.says)
		})
	}
}
