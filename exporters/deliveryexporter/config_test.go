package deliveryexporter

import (
	"testing"
	"time"

	"github.com/alecthomas/units"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

// valid is a configuration with what has no default.
func valid() *Config {
	cfg := defaultConfig()
	cfg.URL = "https://pharos.example.org:8080"
	cfg.Queue.Directory = "/var/lib/pharos-agent/queue"
	return cfg
}

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "exporters::delivery", defaultConfig())
	want := valid()
	want.APIKeyFile = "testdata/api_key"
	want.TLS.CAFile = "testdata/ca.pem"
	want.Queue.MaxBytes, want.Queue.MaxAge = units.GiB, 20*time.Hour
	assert.Equal(t, want, cfg)
}

func TestDefaults(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, valid, map[string]func(*Config){
		"url: is empty (name the server":          func(c *Config) { c.URL = "" },
		`url: is "pharos:8080" (use http://`:      func(c *Config) { c.URL = "pharos:8080" },
		`url: is "http://" (use http://`:          func(c *Config) { c.URL = "http://" },
		"leave out user, query and fragment":      func(c *Config) { c.URL = "https://a:b@host" },
		`url: has the path "/x"`:                  func(c *Config) { c.URL, c.Protocol = "https://host/x", "grpc" },
		"tls: is given while the url begins with": func(c *Config) { c.URL, c.TLS.ServerName = "http://host", "x" },
		"cert_file: and key_file go together":     func(c *Config) { c.TLS.CertFile = "a" },
		"ca_file: stat /nowhere/ca.pem":           func(c *Config) { c.TLS.CAFile = "/nowhere/ca.pem" },
		`protocol: is "udp" (use http or grpc)`:   func(c *Config) { c.Protocol = "udp" },
		`compression: is "zip"`:                   func(c *Config) { c.Compression = "zip" },
		"api_key_file: is given beside api_key":   func(c *Config) { c.APIKey, c.APIKeyFile = "a", "b" },
		"api_key_file: open /nowhere/key":         func(c *Config) { c.APIKeyFile = "/nowhere/key" },
		"api_key: the key has a blank":            func(c *Config) { c.APIKey = "phk 1" },
		"timeout: is 0s":                          func(c *Config) { c.Timeout = 0 },
		"max_request: is 1KiB (use from 16KiB":    func(c *Config) { c.MaxRequest = 1024 },
		"initial: is 0s (use at least 10ms)":      func(c *Config) { c.Retry.Initial = 0 },
		"max: is less than initial":               func(c *Config) { c.Retry.Max = c.Retry.Initial - 1 },
		"directory: is empty (name a folder":      func(c *Config) { c.Queue.Directory = "" },
		"max_bytes: is 1KiB (use at least 1MiB)":  func(c *Config) { c.Queue.MaxBytes = 1024 },
		"max_age: is negative":                    func(c *Config) { c.Queue.MaxAge = -1 },
		`durability: is "disk" (use process or`:   func(c *Config) { c.Queue.Durability = "disk" },
	})
}
