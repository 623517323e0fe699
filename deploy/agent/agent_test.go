package agent

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

const (
	dockerfile = "../docker/agent.Dockerfile"
	daemonSet  = "../kubernetes/agent-daemonset.yaml"
	role       = "ansible/roles/pharos_agent/"
)

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

// known are the variables that the built-in configuration reads.
func known(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile(`\$\{env:([A-Z_]+)`).FindAllStringSubmatch(read(t, "../../configs/agent.yaml"), -1) {
		names = append(names, match[1])
	}
	require.NotEmpty(t, names)
	return names
}

func TestCloudInit(t *testing.T) {
	content := read(t, "cloud-init.yaml")
	assert.True(t, strings.HasPrefix(content, "#cloud-config\n"), "cloud-init knows it by its first line")
	var document struct {
		WriteFiles []struct{ Path, Permissions, Content string } `yaml:"write_files"`
		RunCmd     [][]string                                    `yaml:"runcmd"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(content))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&document))
	require.Len(t, document.WriteFiles, 1)
	assert.Equal(t, "0600", document.WriteFiles[0].Permissions, "the key is for root alone")
	require.Len(t, document.RunCmd, 1)
	command := document.RunCmd[0]
	require.Equal(t, []string{"sh", "-euc"}, command[:2])
	output, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", command[2]).CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, command[2], "cd "+filepath.Dir(document.WriteFiles[0].Path)+"\n")
}

func TestAnsible(t *testing.T) {
	var defaults map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(read(t, role+"defaults/main.yml")), &defaults))
	tasks := read(t, role+"tasks/main.yml")
	var list []map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(tasks), &list))
	for _, task := range list {
		assert.NotEmpty(t, task["name"])
	}
	used := make(map[string]bool)
	for _, name := range regexp.MustCompile(`\bpharos_agent_[a-z0-9_]+`).FindAllString(tasks, -1) {
		used[name] = true
		if name != "pharos_agent_install" { // what the last task has registered
			assert.Contains(t, defaults, name, "a setting has a default and a comment")
		}
	}
	for name := range defaults {
		assert.True(t, used[name], "%s does nothing", name)
	}
	for _, path := range []string{"ansible/playbook.yml", role + "handlers/main.yml"} {
		require.NoError(t, yaml.Unmarshal([]byte(read(t, path)), &list), path)
	}
	assert.Contains(t, tasks, "notify: "+list[0]["name"].(string))
	for _, match := range regexp.MustCompile(`(?m)^(pharos_agent_\w+)=`).FindAllStringSubmatch(read(t, "ansible/inventory.ini"), -1) {
		assert.Contains(t, defaults, match[1])
	}
}

func TestImage(t *testing.T) {
	content := read(t, dockerfile)
	stages := strings.Split(content, "\nFROM ")
	last := stages[len(stages)-1]
	assert.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, last, "not root, by number")
	for _, match := range regexp.MustCompile(`(?m)^COPY ([^-\s]\S*) `).FindAllStringSubmatch(last, -1) {
		assert.FileExists(t, filepath.Join("../..", match[1]))
	}
	for _, match := range regexp.MustCompile(`(?:ENV|-e)? (PHAROS_[A-Z_]+)=`).FindAllStringSubmatch(content, -1) {
		assert.Contains(t, known(t), match[1], "configs/agent.yaml does not read it")
	}
}

func TestDaemonSet(t *testing.T) {
	type named struct{ Name string }
	type object struct {
		Kind     string
		Metadata struct{ Name, Namespace string }
		Data     map[string]string
		Spec     struct {
			Selector struct {
				MatchLabels map[string]string `yaml:"matchLabels"`
			}
			Template struct {
				Metadata struct{ Labels map[string]string }
				Spec     struct {
					Containers []struct {
						Image        string
						Env          []named
						VolumeMounts []struct {
							Name      string
							MountPath string `yaml:"mountPath"`
							ReadOnly  bool   `yaml:"readOnly"`
						} `yaml:"volumeMounts"`
						Resources struct{ Limits map[string]string }
					}
					Volumes []struct {
						Name      string
						ConfigMap named `yaml:"configMap"`
					}
				}
			}
		}
	}
	found := make(map[string]object)
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(read(t, daemonSet))))
	for {
		var one object
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		assert.Equal(t, "pharos-agent", one.Metadata.Namespace)
		found[one.Kind] = one
	}
	pod := found["DaemonSet"].Spec.Template
	assert.Equal(t, found["DaemonSet"].Spec.Selector.MatchLabels, pod.Metadata.Labels)
	require.Len(t, pod.Spec.Containers, 1)
	container := pod.Spec.Containers[0]
	assert.NotContains(t, container.Image, ":latest")
	assert.NotEmpty(t, container.Resources.Limits["memory"])
	for _, variable := range container.Env {
		if strings.HasPrefix(variable.Name, "K8S_") { // internal/hostidentity reads them
			continue
		}
		assert.Contains(t, known(t), variable.Name)
	}
	var volumes []string
	for _, volume := range pod.Spec.Volumes {
		volumes = append(volumes, volume.Name)
		if volume.ConfigMap.Name != "" {
			assert.Equal(t, found["ConfigMap"].Metadata.Name, volume.ConfigMap.Name)
		}
	}
	for _, mount := range container.VolumeMounts {
		assert.Contains(t, volumes, mount.Name)
		if mount.MountPath == "/host" {
			assert.True(t, mount.ReadOnly, "the host is looked at")
		}
	}
	for name, content := range found["ConfigMap"].Data {
		var config map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(content), &config), name)
	}
}
