package redisextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestReadmeExample(t *testing.T) {
	t.Setenv("PHAROS_REDIS_PASSWORD", "secret")
	cfg := configtest.Example(t, "extensions::redis", defaultConfig())
	assert.Equal(t, "redis.example.org:6379", cfg.Address)
	assert.Equal(t, "pharos", cfg.Username)
	assert.NotEmpty(t, cfg.Password)
	assert.Equal(t, 100*time.Millisecond, cfg.Timeout)
	assert.Equal(t, "pharos:", cfg.Prefix)
}

func TestValidate(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		`address is "redis": use host:port`:     func(c *Config) { c.Address = "redis" },
		`address is ":6379": use host:port`:     func(c *Config) { c.Address = ":6379" },
		"password is empty and username is not": func(c *Config) { c.Username = "pharos" },
		"database is negative":                  func(c *Config) { c.Database = -1 },
		"timeout is 1ns: use from 1ms to 10s":   func(c *Config) { c.Timeout = 1 },
		"timeout is 1m0s: use from 1ms to 10s":  func(c *Config) { c.Timeout = time.Minute },
	})
}
