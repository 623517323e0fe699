package syslogreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func validConfig() *Config {
	cfg := defaultConfig()
	cfg.UDP = "127.0.0.1:0"
	return cfg
}

func TestReadmeExample(t *testing.T) {
	want := defaultConfig()
	want.UDP, want.TCP, want.Unix, want.Timezone = "0.0.0.0:514", "0.0.0.0:6514", "/run/pharos-agent/syslog.sock", "UTC"
	want.TLS = TLSConfig{CertFile: "/etc/pharos-agent/syslog.crt", KeyFile: "/etc/pharos-agent/syslog.key"}
	assert.Equal(t, want, configtest.Example(t, "receivers::syslog", defaultConfig()))
}

func TestValidate(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	configtest.Faults(t, validConfig, map[string]func(*Config){
		"udp: is empty, as are":       func(c *Config) { c.UDP = "" },
		`udp: is "514"`:               func(c *Config) { c.UDP = "514" },
		`tcp: is "x"`:                 func(c *Config) { c.TCP = "x" },
		`unix: is "dev/log"`:          func(c *Config) { c.Unix = "dev/log" },
		"tls: is given without tcp":   func(c *Config) { c.TLS.CertFile = "x" },
		"tls: has no cert_file or no": func(c *Config) { c.TCP, c.TLS.CertFile = "127.0.0.1:0", "x" },
		"max_message_bytes: is 100B":  func(c *Config) { c.MaxMessageBytes = 100 },
		"max_connections: is 0":       func(c *Config) { c.MaxConnections = 0 },
		"idle_timeout: is 0s":         func(c *Config) { c.IdleTimeout = 0 },
		`timezone is "Mars"`:          func(c *Config) { c.Timezone = "Mars" },
	})
}
