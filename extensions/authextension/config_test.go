package authextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/configtest"
)

// The example spells out the defaults.
func TestReadmeExample(t *testing.T) {
	assert.Equal(t, defaultConfig(), configtest.Example(t, "extensions::auth", &Config{}))
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"storage is empty": func(c *Config) { c.Storage = component.ID{} },
		"access_token_ttl is 1s: use 1m0s to 24h0m0s": func(c *Config) { c.AccessTokenTTL = time.Second },
		"access_token_ttl is 25h":                     func(c *Config) { c.AccessTokenTTL = 25 * time.Hour },
		"refresh_token_ttl is 1m":                     func(c *Config) { c.RefreshTokenTTL = time.Minute },
		"longer than access_token_ttl":                func(c *Config) { c.AccessTokenTTL, c.RefreshTokenTTL = 2*time.Hour, time.Hour },
		"login_link_ttl is 0s":                        func(c *Config) { c.LoginLinkTTL = 0 },
		"cache::ttl is 1ms":                           func(c *Config) { c.Cache.TTL = time.Millisecond },
		"cache::grace is 48h":                         func(c *Config) { c.Cache.Grace = 48 * time.Hour },
		"cache::grace is shorter than cache::ttl":     func(c *Config) { c.Cache.Grace = time.Second },
		"password_hashings is 0: use 1 to 64":         func(c *Config) { c.PasswordHashings = 0 },
	})
}
