package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// folder writes a configuration folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return dir
}

// Files in conf.d bring extensions of their own.
func TestFolderJoinsExtensions(t *testing.T) {
	status := "extensions: {agent_status: {file: x}}\nservice: {extensions: [agent_status]}\n"
	dir := folder(t, map[string]string{
		"agent.yaml":    "extensions: {agent_status: {file: x}}\nreceivers: {host: }\nexporters: {delivery: {url: \"http://127.0.0.1:1\", queue: {directory: queue}}}\nservice: {extensions: [agent_status], pipelines: {metrics: {receivers: [host], exporters: [delivery]}}}",
		"conf.d/a.yaml": "extensions: {agent_status/a: {file: y}}\nservice: {extensions: [agent_status/a, agent_status]}",
	})
	cfg, err := newProgram(uris([]string{dir}), nil).Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []component.ID{component.MustNewID("agent_status"), component.MustNewIDWithName("agent_status", "a")}, []component.ID(cfg.Service.Extensions))
	_, err = newProgram(uris([]string{folder(t, map[string]string{"agent.yaml": status, "conf.d/a.yaml": "service: {extensions: agent_status}"})}), nil).Load(t.Context())
	require.ErrorContains(t, err, "service::extensions is in")
}

const mainPart = `
receivers: {host: {collection_interval: 10s}}
exporters: {delivery: {url: "http://127.0.0.1:1", queue: {directory: queue}}}
service: {pipelines: {metrics/host: {receivers: [host], exporters: [delivery]}}}
`

func TestFolder(t *testing.T) {
	dir := folder(t, map[string]string{
		"agent.yaml":           mainPart,
		"conf.d/10-more.yaml":  "receivers: {host/second: }\nservice: {pipelines: {metrics/second: {receivers: [host/second], exporters: [delivery]}}}",
		"conf.d/20-empty.yaml": "# nothing yet\n",
		"conf.d/not-yaml.txt":  "[",
	})
	for _, flag := range []string{dir, filepath.Join(dir, "agent.yaml")} {
		cfg, err := newProgram(uris([]string{flag}), nil).Load(t.Context())
		require.NoError(t, err)
		assert.Len(t, cfg.Service.Pipelines, 2)
		assert.Contains(t, cfg.Receivers, component.MustNewIDWithName("host", "second"))
	}
	cfg, err := newProgram(uris([]string{dir, "yaml:receivers: {host: {host_name: x}}"}), nil).Load(t.Context())
	require.NoError(t, err, "an overlay still overlays")
	assert.Len(t, cfg.Receivers, 2)
}

func TestFolderSaysWhatIsWrong(t *testing.T) {
	for says, files := range map[string]map[string]string{
		"agent.yaml: `pharos-agent install` writes one": {"other.yaml": ""},
		"conf.d/a.yaml: yaml:":                          {"agent.yaml": mainPart, "conf.d/a.yaml": "a: [b"},
		"conf.d/a.yaml: yaml: unmarshal errors":         {"agent.yaml": mainPart, "conf.d/a.yaml": "- a"},
		"conf.d/b.yaml: receivers::host/x::host_name is in": {
			"agent.yaml": mainPart, "conf.d/a.yaml": "receivers: {host/x: {host_name: a}}", "conf.d/b.yaml": "receivers: {host/x: {host_name: b}}",
		},
		"conf.d/a.yaml: service::pipelines::metrics/host::receivers is in": {
			"agent.yaml": mainPart, "conf.d/a.yaml": "service: {pipelines: {metrics/host: {receivers: [host/2]}}}",
		},
	} {
		t.Run(says, func(t *testing.T) {
			_, err := newProgram(uris([]string{folder(t, files)}), nil).Load(t.Context())
			require.ErrorContains(t, err, says)
			assert.Equal(t, errcode.Invalid, errcode.Of(err))
		})
	}
}

func TestConfigURI(t *testing.T) {
	dir := t.TempDir()
	for flag, want := range map[string]string{
		dir: "folder:" + dir, "/etc/x/agent.yaml": "folder:/etc/x", "site.yaml": "site.yaml", "yaml:a: b": "yaml:a: b", "/nowhere": "/nowhere",
	} {
		assert.Equal(t, want, configURI(flag))
	}
}

// Each example for conf.d is valid beside the built-in configuration, and all are together.
func TestExamples(t *testing.T) {
	names, err := fs.Glob(configs.AgentExamples, "agent.d/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	all := map[string]string{"agent.yaml": string(configs.Agent)}
	for _, name := range names {
		content, err := fs.ReadFile(configs.AgentExamples, name)
		require.NoError(t, err)
		alone := "conf.d/" + path.Base(name)
		all[alone] = string(content)
		cfg, err := newProgram(uris([]string{folder(t, map[string]string{"agent.yaml": string(configs.Agent), alone: string(content)})}), nil).Load(t.Context())
		require.NoError(t, err, name)
		assert.Greater(t, len(cfg.Service.Pipelines), 1, name)
	}
	cfg, err := newProgram(uris([]string{folder(t, all)}), nil).Load(t.Context())
	require.NoError(t, err)
	assert.Greater(t, len(cfg.Service.Pipelines), len(names))
}
