package gatewayextension

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func TestReadmeExample(t *testing.T) {
	path := filepath.Join("testdata", "config.yaml")
	example, err := os.ReadFile(path)
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "```yaml\n"+string(example)+"```")

	conf, err := confmaptest.LoadConf(path)
	require.NoError(t, err)
	section, err := conf.Sub("extensions::gateway")
	require.NoError(t, err)
	cfg := defaultConfig()
	require.NoError(t, section.Unmarshal(cfg))
	require.NoError(t, cfg.Validate())
	assert.Equal(t, &Config{
		Auth:     component.MustNewID("auth"),
		HTTP:     ListenerConfig{Endpoint: "0.0.0.0:8080"},
		OTLPGRPC: ListenerConfig{Endpoint: "0.0.0.0:4317"},
		TLS:      TLSConfig{CertFile: "/etc/pharos/server.crt", KeyFile: "/etc/pharos/server.key"},
		Limits: LimitsConfig{
			MaxBody: 16 << 20, BodyTimeout: 10 * time.Second, RequestsPerSecond: 500, Burst: 1000,
			AnonymousPerSecond: 20, AnonymousBurst: 200,
		},
		ShutdownTimeout: 20 * time.Second,
	}, cfg)
}

func TestDefaults(t *testing.T) {
	cfg := defaultConfig()
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	require.NoError(t, cfg.Validate())
	assert.Equal(t, map[string]string{"http": "127.0.0.1:8080", "otlp_grpc": "127.0.0.1:4317", "otlp_http": "127.0.0.1:4318"}, cfg.endpoints())
	assert.Equal(t, map[string]component.ID{"auth": component.MustNewID("auth")}, cfg.References())
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		says   string
	}{
		{"no auth", func(c *Config) { c.Auth = component.ID{} }, "auth is empty: name an extension, for example auth"},
		{"no address", func(c *Config) { c.HTTP.Endpoint = "" }, "http::endpoint is empty: set host:port"},
		{"no port", func(c *Config) { c.OTLPGRPC.Endpoint = "127.0.0.1" }, `otlp_grpc::endpoint is "127.0.0.1": use host:port`},
		{"the same address twice", func(c *Config) { c.OTLPHTTP.Endpoint = c.HTTP.Endpoint }, "http::endpoint and otlp_http::endpoint are both 127.0.0.1:8080: give each a port"},
		{"key without certificate", func(c *Config) { c.TLS.KeyFile = "k" }, "cert_file and key_file go together"},
		{"plaintext for all", func(c *Config) { c.OTLPHTTP.Endpoint = ":4318" }, `otlp_http::endpoint ":4318" can be reached from other machines without encryption`},
		{"plaintext for a name", func(c *Config) { c.HTTP.Endpoint = "host:80" }, "set tls::cert_file and tls::key_file"},
		{"no body", func(c *Config) { c.Limits.MaxBody = 0 }, "limits::max_body must be more than 0"},
		{"no time", func(c *Config) { c.Limits.BodyTimeout = 0 }, "limits::body_timeout must be more than 0"},
		{"negative rate", func(c *Config) { c.Limits.RequestsPerSecond = -1 }, "limits::requests_per_second cannot be negative; 0 means any number"},
		{"negative anonymous rate", func(c *Config) { c.Limits.AnonymousPerSecond = -1 }, "limits::anonymous_per_second cannot be negative"},
		{"no burst", func(c *Config) { c.Limits.Burst = 0 }, "limits::burst must be at least 1"},
		{"no anonymous burst", func(c *Config) { c.Limits.AnonymousBurst = 0 }, "limits::anonymous_burst must be at least 1"},
		{"no end", func(c *Config) { c.ShutdownTimeout = 0 }, "shutdown_timeout must be more than 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := defaultConfig()
			tt.change(cfg)
			assert.ErrorContains(t, cfg.Validate(), tt.says)
		})
	}
}

func TestWhereItMayListenInPlaintext(t *testing.T) {
	for endpoint, allowed := range map[string]bool{
		"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true, "127.8.8.8:1": true,
		":1": false, "0.0.0.0:1": false, "10.0.0.1:1": false, "[::]:1": false,
	} {
		cfg := defaultConfig()
		cfg.HTTP.Endpoint = endpoint
		assert.Equal(t, allowed, cfg.Validate() == nil, endpoint)
		cfg.Insecure = true
		assert.NoError(t, cfg.Validate(), endpoint)
		cfg.Insecure, cfg.TLS = false, TLSConfig{CertFile: "c", KeyFile: "k"}
		assert.NoError(t, cfg.Validate(), endpoint)
	}
}
