package elasticsearchexporter

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
	"github.com/pharos-obs/pharos/storage/elasticsearch"
)

// nowhere is an address without a server.
const nowhere = "http://127.0.0.1:1"

func configOf(endpoint string) *Config {
	cfg := defaultConfig()
	cfg.Endpoints = []string{endpoint}
	return cfg
}

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "exporters::elasticsearch", defaultConfig())
	want := configOf("https://es-1.internal:9200")
	want.Endpoints = append(want.Endpoints, "https://es-2.internal:9200")
	want.Username = "pharos"
	want.Retention = model.Duration(30 * 24 * time.Hour)
	want.Classes = []elasticsearch.Class{{Name: "audit", Retention: model.Duration(365 * 24 * time.Hour), Orgs: []string{acme}}}
	assert.Equal(t, want, cfg)
}

func TestDefaults(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	assert.Zero(t, defaultConfig().PastWindow, "what waited in Kafka is not refused")
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, func() *Config { return configOf(nowhere) }, map[string]func(*Config){
		"endpoints: is empty (name at least one node": func(c *Config) { c.Endpoints = nil },
		"retention: is 1h (use at least 1d":           func(c *Config) { c.Retention = model.Duration(time.Hour) },
		"tls: is enabled, and the endpoint http://":   func(c *Config) { c.TLS.Enabled = true },
		"cert_file: and key_file go together":         func(c *Config) { c.Endpoints[0] = "https://h"; c.TLS.Enabled, c.TLS.CertFile = true, "a" },
		`default_org: is "acme" (use the id`:          func(c *Config) { c.DefaultOrg = "acme" },
		"write_timeout: is 10ms (use at least 1s)":    func(c *Config) { c.WriteTimeout = 10 * time.Millisecond },
	})
}
