package elasticsearch

import (
	"encoding/pem"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestValidate(t *testing.T) {
	valid := DefaultConfig()
	valid.Endpoints = []string{"http://127.0.0.1:9200"}
	require.NoError(t, valid.Validate())
	week := model.Duration(7 * day)
	for want, change := range map[string]func(*Config){
		"endpoints: is empty (name at least one node":       func(c *Config) { c.Endpoints = nil },
		`endpoints: holds "localhost:9200"`:                 func(c *Config) { c.Endpoints = []string{"localhost:9200"} },
		"endpoints: holds a password (set username":         func(c *Config) { c.Endpoints = []string{"http://u:secret@h:9200"} },
		`holds "...@h", which is no URL`:                    func(c *Config) { c.Endpoints = []string{"ftp://u:secret@h"} },
		"api_key: is set beside a username":                 func(c *Config) { c.APIKey, c.Username = "k", "u" },
		"username: is empty beside a password":              func(c *Config) { c.Password = "p" },
		"tls: is enabled, and the endpoint http://":         func(c *Config) { c.TLS.Enabled = true },
		"timeout: is 1ms (use at least 100ms)":              func(c *Config) { c.Timeout = time.Millisecond },
		`compression: is "zstd" (use gzip or none)`:         func(c *Config) { c.Compression = "zstd" },
		`index_prefix: is "Logs"`:                           func(c *Config) { c.IndexPrefix = "Logs" },
		"shards: is 0 (use from 1 to 64)":                   func(c *Config) { c.Shards = 0 },
		"replicas: is -1 (use from 0 to 10)":                func(c *Config) { c.Replicas = -1 },
		"refresh_interval: is 1ms":                          func(c *Config) { c.RefreshInterval = time.Millisecond },
		`refresh: is "true" (use none, wait_for or now)`:    func(c *Config) { c.Refresh = "true" },
		"retention: is 1h (use at least 1d":                 func(c *Config) { c.Retention = model.Duration(time.Hour) },
		"maintain_every: is negative":                       func(c *Config) { c.MaintainEvery = -1 },
		`classes: holds the name "A-b"`:                     func(c *Config) { c.Classes = []Class{{"A-b", week, []string{"o"}}} },
		`classes: holds "default" twice`:                    func(c *Config) { c.Classes = []Class{{"default", week, []string{"o"}}} },
		`classes: has the retention 1h for "a"`:             func(c *Config) { c.Classes = []Class{{"a", model.Duration(time.Hour), []string{"o"}}} },
		`classes: has no organisations for "a"`:             func(c *Config) { c.Classes = []Class{{"a", week, nil}} },
		`classes: names the organisation "o" twice`:         func(c *Config) { c.Classes = []Class{{"a", week, []string{"o"}}, {"b", week, []string{"o"}}} },
		"future_window: is not between 0 and 24h":           func(c *Config) { c.FutureWindow = 25 * time.Hour },
		"past_window: is negative":                          func(c *Config) { c.PastWindow = -1 },
		"max_bulk_bytes: is 1 (use from 65536 to 33554432)": func(c *Config) { c.MaxBulkBytes = 1 },
		"concurrency: is 0 (use from 1 to 64)":              func(c *Config) { c.Concurrency = 0 },
		"retry_for: is negative":                            func(c *Config) { c.RetryFor = -1 },
		"max_scan: is 1 (use at least 1000)":                func(c *Config) { c.MaxScan = 1 },
	} {
		cfg := valid
		change(&cfg)
		err := cfg.Validate()
		require.ErrorContains(t, err, want)
		assert.Equal(t, errcode.Invalid, errcode.Of(err))
		assert.NotContains(t, err.Error(), "secret")
		_, err = Open(t.Context(), cfg, zap.NewNop())
		require.ErrorContains(t, err, want)
	}
}

func TestTLS(t *testing.T) {
	target, err := url.Parse(endpoint(t))
	require.NoError(t, err)
	server := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	cfg := testConfig(server.URL, t.Name())
	cfg.TLS.Enabled, cfg.TLS.CAFile = true, file
	store := openConfig(t, cfg)
	_, err = write(t.Context(), store, testLogs("batch", 0, 10, recent()))
	require.NoError(t, err)
	assert.Equal(t, 10, count(t, store))

	cfg.TLS.CAFile = ""
	stranger, err := Open(t.Context(), cfg, zap.NewNop())
	require.NoError(t, err)
	defer func() { assert.NoError(t, stranger.Close()) }()
	require.Eventually(t, func() bool {
		err := stranger.Health(t.Context())
		return errcode.Of(err) == errcode.Unavailable && strings.Contains(err.Error(), "certificate")
	}, 10*time.Second, 10*time.Millisecond)
}
