package main

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/extensions/backendextension"
	"github.com/pharos-obs/pharos/extensions/gatewayextension"
	"github.com/pharos-obs/pharos/extensions/storageextension"
)

// testOptions are the defaults of `pharos up` with another folder.
func testOptions(t *testing.T, dir string) upOptions {
	t.Helper()
	t.Setenv("PHAROS_DATA_DIR", dir) // overlay sets it; this restores it
	return upOptions{
		dataDir: dir, http: "127.0.0.1:8080", otlpGRPC: "127.0.0.1:4317", otlpHTTP: "127.0.0.1:4318", ops: "127.0.0.1:8081",
		logLevel: "info", logFormat: "console",
	}
}

type settingsOfFlags struct {
	gateway *gatewayextension.Config
	backend *backendextension.Config
	storage *storageextension.Config
}

func load(t *testing.T, o *upOptions) settingsOfFlags {
	t.Helper()
	overlay, err := o.overlay()
	require.NoError(t, err)
	cfg, err := loadConfig(t.Context(), []string{"role:all-in-one", overlay})
	require.NoError(t, err)
	var all settingsOfFlags
	var ok bool
	all.gateway, ok = cfg.Extensions[component.MustNewID("gateway")].(*gatewayextension.Config)
	require.True(t, ok)
	all.backend, ok = cfg.Extensions[component.MustNewID("backend")].(*backendextension.Config)
	require.True(t, ok)
	all.storage, ok = cfg.Extensions[component.MustNewID("storage")].(*storageextension.Config)
	require.True(t, ok)
	return all
}

func TestFlagsOnLoopback(t *testing.T) {
	dir := t.TempDir()
	o := testOptions(t, dir)
	o.http = "127.0.0.1:9090"
	got := load(t, &o)
	assert.Equal(t, "127.0.0.1:9090", got.gateway.HTTP.Endpoint)
	assert.Equal(t, "127.0.0.1:4317", got.gateway.OTLPGRPC.Endpoint)
	assert.Empty(t, got.gateway.TLS.CertFile)
	assert.Equal(t, "http://127.0.0.1:9090", got.backend.PublicURL)
	assert.Equal(t, dir, got.storage.Directory)
	assert.NoDirExists(t, filepath.Join(dir, "tls"))
}

// The Collector takes a dollar sign for the start of a reference; here it is only a letter.
func TestFolderWithADollar(t *testing.T) {
	for _, name := range []string{"a$b", "${env:HOME}", "$$", "with space: and colon"} {
		dir := filepath.Join(t.TempDir(), name)
		o := testOptions(t, dir)
		o.public = "pharos.example.org"
		got := load(t, &o)
		assert.Equal(t, dir, got.storage.Directory)
		assert.Equal(t, filepath.Join(dir, "bootstrap.json"), got.backend.BootstrapFile)
		assert.FileExists(t, got.gateway.TLS.CertFile)
	}
}

func TestPublic(t *testing.T) {
	dir := t.TempDir()
	o := testOptions(t, dir)
	o.public, o.otlpHTTP = "pharos.example.org", "10.0.0.1:4318"
	got := load(t, &o)
	assert.Equal(t, ":8080", got.gateway.HTTP.Endpoint)
	assert.Equal(t, ":4317", got.gateway.OTLPGRPC.Endpoint)
	assert.Equal(t, "10.0.0.1:4318", got.gateway.OTLPHTTP.Endpoint, "an address of the user's own stays")
	assert.Equal(t, filepath.Join(dir, "tls", "server.crt"), got.gateway.TLS.CertFile)
	assert.Equal(t, "https://pharos.example.org:8080", got.backend.PublicURL)

	var out bytes.Buffer
	o.announceAgents(&out)
	print, err := fingerprint(filepath.Join(dir, "tls", "ca.crt"))
	require.NoError(t, err)
	assert.Equal(t, "More hosts sudo pharos-agent install --url https://pharos.example.org:8080 --ca-sha256 "+print+"\n", out.String())

	leaf, err := readPEM(filepath.Join(dir, "tls", "server.crt"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tls", "server.crt"), pem.EncodeToMemory(leaf), 0o600))
	out.Reset()
	o.announceAgents(&out)
	assert.Contains(t, out.String(), "--ca-file ca.crt", "the server does not show its CA")
	require.NoError(t, os.Remove(filepath.Join(dir, "tls", "ca.crt")))
	out.Reset()
	o.announceAgents(&out)
	assert.Equal(t, "More hosts sudo pharos-agent install --url https://pharos.example.org:8080\n", out.String(), "a CA that everybody knows")
}

func TestPublicInsecure(t *testing.T) {
	dir := t.TempDir()
	o := testOptions(t, dir)
	o.public, o.insecure = "2001:db8::1", true
	got := load(t, &o)
	assert.True(t, got.gateway.Insecure)
	assert.Equal(t, ":8080", got.gateway.HTTP.Endpoint)
	assert.Equal(t, "http://[2001:db8::1]:8080", got.backend.PublicURL)
	assert.NoDirExists(t, filepath.Join(dir, "tls"))

	var out bytes.Buffer
	o.announceAgents(&out)
	assert.Contains(t, out.String(), "install --url http://[2001:db8::1]:8080   (plaintext)")
}

func TestPlaintextForAllIsRefused(t *testing.T) {
	o := testOptions(t, t.TempDir())
	o.http = "0.0.0.0:8080"
	overlay, err := o.overlay()
	require.NoError(t, err)
	_, err = loadConfig(t.Context(), []string{"role:all-in-one", overlay})
	require.ErrorContains(t, err, `http::endpoint "0.0.0.0:8080" can be reached from other machines without encryption`)
}

func TestURL(t *testing.T) {
	for http, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", ":8080": "http://127.0.0.1:8080", "[::1]:80": "http://[::1]:80",
		"localhost:1": "http://localhost:1", "no port": "",
	} {
		assert.Equal(t, want, (&upOptions{http: http}).url(), http)
	}
}

func TestEverywhere(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:1": ":1", "localhost:1": ":1", "[::1]:1": ":1", "10.0.0.1:1": "10.0.0.1:1", ":1": ":1", "x": "x",
	} {
		assert.Equal(t, want, everywhere(addr))
	}
}

func TestRecordedURL(t *testing.T) {
	dir := t.TempDir()
	assert.Equal(t, "http://127.0.0.1:8080", recordedURL(dir), "nothing is recorded")
	require.NoError(t, os.WriteFile(bootstrapPath(dir), []byte(`{"url": "https://pharos.example.org"}`), 0o600))
	assert.Equal(t, "https://pharos.example.org", recordedURL(dir))
	require.NoError(t, os.WriteFile(bootstrapPath(dir), []byte(`{`), 0o600))
	assert.Equal(t, "http://127.0.0.1:8080", recordedURL(dir))
}

func TestWaitForSample(t *testing.T) {
	registry := prometheus.NewRegistry()
	points := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "otelcol_receiver_accepted_metric_points_total"}, []string{"receiver"})
	registry.MustRegister(points)
	points.WithLabelValues("self").Add(5)
	points.WithLabelValues("host").Add(0)
	families, err := registry.Gather()
	require.NoError(t, err)
	assert.Zero(t, accepted(families, "host"), "another receiver's points are not the host's")
	assert.InDelta(t, 5, accepted(families, "self"), 0)

	points.WithLabelValues("host").Inc()
	assert.True(t, waitForSample(t.Context(), registry))
}
