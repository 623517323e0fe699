package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/exporters/deliveryexporter"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// What install writes gives the built-in configuration its values: the URL, and the file of
// the key.
func TestEnvironmentFile(t *testing.T) {
	t.Setenv("PHAROS_AGENT_STATE", "") // it is as it was when the test ends
	require.NoError(t, os.Unsetenv("PHAROS_AGENT_STATE"))
	key := filepath.Join(t.TempDir(), "api-key")
	require.NoError(t, os.WriteFile(key, []byte("phk_0123\n"), 0o600))
	dir := folder(t, map[string]string{
		"agent.yaml": string(configs.Agent),
		"agent.env":  "PHAROS_URL=https://pharos.example.org:8080\nPHAROS_API_KEY_FILE=" + key + "\n",
	})
	delivery := func() *deliveryexporter.Config {
		cfg, err := newProgram(uris([]string{dir}), nil).Load(t.Context())
		require.NoError(t, err)
		typed, ok := cfg.Exporters[component.MustNewID("delivery")].(*deliveryexporter.Config)
		require.True(t, ok)
		return typed
	}
	assert.Equal(t, "https://pharos.example.org:8080", delivery().URL)
	assert.Equal(t, key, delivery().APIKeyFile)
	assert.Equal(t, "/var/lib/pharos-agent/queue", delivery().Queue.Directory, "a default is kept")

	t.Setenv("PHAROS_URL", "https://other.example.org")
	assert.Equal(t, "https://other.example.org", delivery().URL, "the environment comes first")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "agent.env"), []byte("what?"), 0o600))
	_, err := newProgram(uris([]string{dir}), nil).Load(t.Context())
	require.ErrorContains(t, err, `agent.env:1: "what?" is not NAME=value`)
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
}
