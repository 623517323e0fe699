package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/extensions/gatewayextension"
	"github.com/pharos-obs/pharos/extensions/storageextension"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// writeFile writes a configuration into a folder of the test.
func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestRoleIsValid(t *testing.T) {
	cfg, err := loadConfig(t.Context(), []string{"role:all-in-one"})
	require.NoError(t, err)
	assert.Contains(t, cfg.Service.Extensions, component.MustNewID("backend"))
	assert.Len(t, cfg.Service.Pipelines, 4)
}

func TestOverlay(t *testing.T) {
	site := writeFile(t, "extensions: {storage: {metrics: {retention: 90d}}}")
	cfg, err := loadConfig(t.Context(), []string{"role:all-in-one", site})
	require.NoError(t, err)
	stores, ok := cfg.Extensions[component.MustNewID("storage")].(*storageextension.Config)
	require.True(t, ok)
	assert.Equal(t, "90d", stores.Metrics.Retention.String())
	assert.Equal(t, "1w", stores.Logs.Retention.String(), "what the overlay does not name stays")
	assert.Equal(t, "  (metrics 90 d / 10GiB, logs 7 d / 10GiB)", retention(cfg))
	stores.Logs.MaxBytes = 0
	assert.Equal(t, "  (metrics 90 d / 10GiB, logs 7 d)", retention(cfg))
}

func TestEnvironment(t *testing.T) {
	t.Setenv("PHAROS_HTTP", "127.0.0.1:9999")
	cfg, err := loadConfig(t.Context(), []string{"role:all-in-one"})
	require.NoError(t, err)
	door, ok := cfg.Extensions[component.MustNewID("gateway")].(*gatewayextension.Config)
	require.True(t, ok)
	assert.Equal(t, "127.0.0.1:9999", door.HTTP.Endpoint)
}

func TestInvalidConfigurations(t *testing.T) {
	tests := []struct {
		name string
		uris []string
		says []string
	}{
		{"unknown role", []string{"role:gatway"}, []string{`there is no role "gatway": the roles are all-in-one`}},
		{"no such file", []string{"role:all-in-one", "/nowhere/site.yaml"}, []string{"/nowhere/site.yaml"}},
		{"no YAML", []string{"role:all-in-one", "yaml:a: [b"}, []string{"read the configuration"}},
		{"unknown part", []string{"role:all-in-one", "yaml:receivers: {hots: }"}, []string{`unknown type: "hots"`}},
		{"unknown setting", []string{"role:all-in-one", "yaml:extensions: {storage: {directories: x}}"}, []string{"directories"}},
		{"wrong value", []string{"role:all-in-one", "yaml:extensions: {storage: {durability: disk}}"}, []string{"extensions::storage", "use process or fsync"}},
		{"several wrong values", []string{"role:all-in-one", "yaml:extensions: {storage: {durability: disk}, gateway: {shutdown_timeout: 0s}}"}, []string{
			"use process or fsync", "shutdown_timeout must be more than 0",
		}},
		{"wrong telemetry", []string{"role:all-in-one", "yaml:service: {telemetry: {logs: {level: loud}}}"}, []string{`logs::level is "loud": use debug, info, warn or error`}},
		{"part that is not running", []string{"role:all-in-one", "yaml:service: {extensions: [storage, auth, backend, file_storage]}"}, []string{
			`extensions::backend::gateway: extension "gateway" is not in service::extensions: add it there`,
		}},
		{"part that does not exist", []string{"role:all-in-one", "yaml:extensions: {backend: {storage: storage/other}}"}, []string{
			`extensions::backend::storage: extension "storage/other" is not in service::extensions: add it there`,
		}},
		{"pipeline with an unknown part", []string{"role:all-in-one", "yaml:service: {pipelines: {logs/x: {receivers: [nowhere], exporters: [local]}}}"}, []string{"nowhere"}},
		{"signal that a part does not have", []string{"role:all-in-one", "yaml:service: {pipelines: {logs/x: {receivers: [host], exporters: [local]}}}"}, []string{"host"}},
		{"plaintext for all", []string{"role:all-in-one", "yaml:extensions: {gateway: {http: {endpoint: ':8080'}}}"}, []string{"set insecure: true"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loadConfig(t.Context(), tt.uris)
			require.Equal(t, errcode.Invalid, errcode.Of(err), "%v", err)
			assert.Equal(t, exitUsage, exitCode(err))
			for _, says := range tt.says {
				assert.ErrorContains(t, err, says)
			}
		})
	}
}

// A part that no pipeline uses may be as it likes.
func TestUnusedPartsAreNotAsked(t *testing.T) {
	_, err := loadConfig(t.Context(), []string{"role:all-in-one", "yaml:extensions: {backend/unused: {storage: nowhere}}"})
	require.NoError(t, err)
}
