package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/pharos-obs/pharos/configs"
)

// Whatever tells people or machines to run the agent names commands and flags that it has.
func TestCommandsInDocuments(t *testing.T) {
	var found int
	for _, pattern := range []string{
		"../README.md", "../docs/guides/*.md", "../docs/decisions/*.md", "../deploy/agent/*", "../deploy/agent/ansible/roles/*/tasks/*", "../deploy/kubernetes/*.yaml",
		"../deploy/docker/agent.Dockerfile", "../dashboard/src/send/snippets.ts", "../dashboard/src/api/agent.ts", "../collector/output.go", "packaging/*.sh", "packaging/*.service", "plugins/template/*",
	} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				continue // a folder
			}
			text := strings.NewReplacer("\\\n", " ", "`", "\n", `"`, "\n", "', '", " ").Replace(string(content))
			for _, line := range regexp.MustCompile(`(?m)pharos-agent ((?:run|test|validate|install|uninstall|status|version|plugin)\b.*)$`).FindAllStringSubmatch(text, -1) {
				found++
				words := strings.Fields(line[1])
				command, _, err := rootCommand().Find(words)
				require.NoError(t, err, "%s: %s", path, line[0])
				for _, flag := range regexp.MustCompile(`--([a-z][a-z0-9-]*)`).FindAllStringSubmatch(line[1], -1) {
					assert.NotNil(t, command.Flags().Lookup(flag[1]), "%s: %s: there is no --%s", path, line[0], flag[1])
				}
			}
		}
	}
	assert.Greater(t, found, 20)
}

// The configuration that comes with the manifest for Kubernetes is one that the agent takes.
func TestConfigurationOfKubernetes(t *testing.T) {
	content, err := os.ReadFile("../deploy/kubernetes/agent-daemonset.yaml")
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(content), "\n---\n")
	var manifest struct{ Data map[string]string }
	require.NoError(t, yaml.Unmarshal([]byte(first), &manifest))
	require.NotEmpty(t, manifest.Data)
	files := map[string]string{"agent.yaml": string(configs.Agent)}
	for name, text := range manifest.Data {
		files["conf.d/"+name] = strings.ReplaceAll(text, "/var/lib/pharos-agent", t.TempDir())
	}
	_, err = newProgram(uris([]string{folder(t, files)}), nil).Load(t.Context())
	require.NoError(t, err)
}
