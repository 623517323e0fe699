package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// build writes a plugin by `plugin new` and compiles it as its README says, against this source.
func build(t *testing.T, name string) (binary string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	var out bytes.Buffer
	require.NoError(t, (&newPlugin{name: name, dir: dir, language: "go", sdk: ".."}).write(&out))
	assert.Contains(t, out.String(), "go build -o pharos-plugin-"+name)
	// What `go mod tidy` would ask a proxy for is known here.
	sums, err := os.ReadFile("../go.sum")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
	binary = filepath.Join(t.TempDir(), "pharos-plugin-"+name)
	command := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	command.Dir = dir
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
	return binary
}

func TestPlugin(t *testing.T) {
	binary := build(t, "my-weather")
	folder := filepath.Dir(binary)

	var out bytes.Buffer
	require.NoError(t, checkPlugin(t.Context(), binary, "", time.Minute, &out, &out))
	for _, text := range []string{
		"my-weather 0.1.0: Counts the files of a folder.\ngives   metrics\n",
		"  folder  string  default ", "The folder to look into.", "ok      refuses a setting that does not exist", "ok      ends in time",
		"my_weather.entries  kind=file ", "3 series, 0 log records.\n",
	} {
		assert.Contains(t, out.String(), text)
	}
	assert.NotContains(t, out.String(), "FAILED")

	settings := filepath.Join(folder, "settings.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("folder: ''\nfolders: 1\n"), 0o600))
	out.Reset()
	err := checkPlugin(t.Context(), binary, settings, time.Minute, &out, &out)
	require.ErrorContains(t, err, "does not do all")
	assert.Contains(t, out.String(), "FAILED  takes its settings: config.folders: there is no such setting")

	require.NoError(t, os.WriteFile(filepath.Join(folder, "pharos-plugin-open"), []byte("#!/bin/sh\n"), 0o600))
	require.NoError(t, os.Chmod(filepath.Join(folder, "pharos-plugin-open"), 0o777))
	config := []string{"yaml:receivers: {plugin/outside: {name: my-weather, directory: " + folder + `}, plugin/gone: {name: gone, directory: /nowhere}}
exporters: {delivery: {url: "http://127.0.0.1:1", queue: {directory: queue}}}
service: {pipelines: {metrics: {receivers: [plugin/outside, plugin/gone], exporters: [delivery]}}}`}
	out.Reset()
	require.NoError(t, listPlugins(t.Context(), config, folder, &out, &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 4)
	assert.Regexp(t, `^gone +- +plugin/gone +/nowhere/pharos-plugin-gone +- +refused: there is no /nowhere/pharos-plugin-gone$`, lines[1])
	assert.Regexp(t, `^my-weather +0\.1\.0 +plugin/outside +\S+ +[0-9a-f]{64} +not running$`, lines[2])
	assert.Regexp(t, `^open +- +- +\S+ +- +refused: every account can write to .*: chmod o-w `, lines[3])

	out.Reset()
	require.NoError(t, listPlugins(t.Context(), []string{"yaml:receivers: {hots: }"}, t.TempDir(), &out, &out))
	assert.Contains(t, out.String(), "Only the folder is listed")
	assert.Contains(t, out.String(), "No plugin is configured, and there is none in ")
}

func TestNewPython(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "weather")
	one := &newPlugin{name: "7days", dir: dir, language: "python"}
	require.NoError(t, one.write(&bytes.Buffer{}))
	source, err := os.ReadFile(filepath.Join(dir, "main.py"))
	require.NoError(t, err)
	assert.Contains(t, string(source), "class Plugin7days:\n    name = \"7days\"\n")
	assert.Contains(t, string(source), "serve(Plugin7days())")
	info, err := os.Stat(filepath.Join(dir, "pharos-plugin-7days"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm())

	for says, wrong := range map[string]*newPlugin{
		"is not empty":                 one,
		`NAME: is "A"`:                 {name: "A", language: "go"},
		`--lang: is "perl"`:            {name: "a", language: "perl", dir: filepath.Join(t.TempDir(), "a")},
		"--sdk: . is no clone of Phar": {name: "a", language: "go", sdk: ".", dir: filepath.Join(t.TempDir(), "a")},
	} {
		err := wrong.write(&bytes.Buffer{})
		require.ErrorContains(t, err, says)
		assert.Equal(t, errcode.Invalid, errcode.Of(err))
	}
}

func TestCheckOfWhatIsNoPlugin(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\necho hello\n"), 0o600))
	err := checkPlugin(t.Context(), script, "", time.Minute, &bytes.Buffer{}, &bytes.Buffer{})
	require.ErrorContains(t, err, "is not executable: chmod 755")
	require.NoError(t, os.Chmod(script, 0o700))
	var out bytes.Buffer
	require.Error(t, checkPlugin(t.Context(), script, "", time.Minute, &out, &out))
	assert.Contains(t, out.String(), "FAILED  starts and says what it is: start the plugin: ")
}
