package gatewayextension

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "extensions::gateway", defaultConfig())
	assert.Equal(t, &Config{
		Auth:     component.MustNewID("auth"),
		HTTP:     ListenerConfig{Endpoint: "0.0.0.0:8080"},
		OTLPGRPC: ListenerConfig{Endpoint: "0.0.0.0:4317"},
		TLS:      TLSConfig{CertFile: "/etc/pharos/server.crt", KeyFile: "/etc/pharos/server.key"},
		Backend: BackendConfig{
			URL: []string{"https://backend-1:8080", "https://backend-2:8080"}, TLS: BackendTLSConfig{CAFile: "/etc/pharos/ca.crt"}, Timeout: time.Minute,
		},
		TrustedProxies: []string{"10.1.2.3", "10.4.0.0/16"},
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
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"auth is empty: name an extension, for example auth":                                func(c *Config) { c.Auth = component.ID{} },
		"http::endpoint is empty: set host:port":                                            func(c *Config) { c.HTTP.Endpoint = "" },
		`otlp_grpc::endpoint is "127.0.0.1": use host:port`:                                 func(c *Config) { c.OTLPGRPC.Endpoint = "127.0.0.1" },
		"http::endpoint and otlp_http::endpoint are both 127.0.0.1:8080: give each a port":  func(c *Config) { c.OTLPHTTP.Endpoint = c.HTTP.Endpoint },
		"cert_file and key_file go together":                                                func(c *Config) { c.TLS.KeyFile = "k" },
		`otlp_http::endpoint ":4318" can be reached from other machines without encryption`: func(c *Config) { c.OTLPHTTP.Endpoint = ":4318" },
		"set tls::cert_file and tls::key_file":                                              func(c *Config) { c.HTTP.Endpoint = "host:80" },
		"limits::max_body must be more than 0":                                              func(c *Config) { c.Limits.MaxBody = 0 },
		"limits::body_timeout must be more than 0":                                          func(c *Config) { c.Limits.BodyTimeout = 0 },
		"limits::requests_per_second cannot be negative; 0 means any number":                func(c *Config) { c.Limits.RequestsPerSecond = -1 },
		"limits::anonymous_per_second cannot be negative":                                   func(c *Config) { c.Limits.AnonymousPerSecond = -1 },
		"limits::burst must be at least 1":                                                  func(c *Config) { c.Limits.Burst = 0 },
		"limits::anonymous_burst must be at least 1":                                        func(c *Config) { c.Limits.AnonymousBurst = 0 },
		"backend::timeout must be more than 0":                                              func(c *Config) { c.Backend.Timeout = 0 },
		`backend::url "backend:8080" names no server: use https://host:port`:                func(c *Config) { c.Backend.URL = []string{"backend:8080"} },
		`backend::url "ftp://backend" names no server`:                                      func(c *Config) { c.Backend.URL = []string{"ftp://backend"} },
		"backend::url cannot be read: use https://host:port":                                func(c *Config) { c.Backend.URL = []string{"http://[::1"} },
		`has more than scheme, host and port: use https://b:1`:                              func(c *Config) { c.Backend.URL = []string{"https://b:1/pharos"} },
		`"http://u:xxxxx@b" has more than scheme`:                                           func(c *Config) { c.Backend.URL = []string{"http://u:secret@b"} },
		"backend::url names b:1 twice":                                                      func(c *Config) { c.Backend.URL = []string{"http://b:1", " http://b:1/"} },
		"backend::tls: cert_file and key_file go together":                                  func(c *Config) { c.Backend.TLS.CertFile = "c" },
		"backend::tls is set, but no backend is spoken to by TLS":                           func(c *Config) { c.Backend.TLS.CAFile = "ca" },
		`trusted_proxies: "10.1.2.3/8" is no address and no network`:                        func(c *Config) { c.TrustedProxies = []string{"10.1.2.3/8"} },
		`trusted_proxies: "proxy" is no address and no network: use 10.1.2.3 or`:            func(c *Config) { c.TrustedProxies = []string{"proxy"} },
		"shutdown_timeout must be more than 0":                                              func(c *Config) { c.ShutdownTimeout = 0 },
	})
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

// Lists come from the environment as one string, which may be empty.
func TestListsFromTheEnvironment(t *testing.T) {
	for text, want := range map[string]int{"": 0, "http://a:1": 1, "http://a:1, https://b:2": 2} {
		conf := confmap.NewFromStringMap(map[string]any{"backend": map[string]any{"url": text}, "trusted_proxies": strings.Repeat("10.0.0.1,", want)})
		cfg := defaultConfig()
		require.NoError(t, conf.Unmarshal(cfg))
		require.NoError(t, cfg.Validate())
		backends, err := cfg.Backend.backends()
		require.NoError(t, err)
		assert.Len(t, backends, want)
		proxies, err := cfg.proxies()
		require.NoError(t, err)
		assert.Len(t, proxies, want)
	}
}
