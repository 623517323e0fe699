package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestTest(t *testing.T) {
	t.Setenv("PHAROS_AGENT_STATE", "/nowhere") // it is left alone
	dir := folder(t, map[string]string{"agent.yaml": string(configs.Agent)})
	var out bytes.Buffer
	quick := "yaml:receivers: {host: {collection_interval: 200ms, scrapers: {processes: {interval: 200ms}, filesystem: {interval: 200ms}, connections: {interval: 200ms}, uptime: {interval: 200ms}}}, agent: {collection_interval: 200ms}}"
	require.NoError(t, runTest(t.Context(), uris([]string{dir, quick}), 20*time.Second, &out))
	for _, line := range []string{"system.memory.usage ", "system.cpu.utilization ", "pharos_agent_info ", "version=", " series, 0 log records.\n"} {
		assert.Contains(t, out.String(), line)
	}
	assert.NotContains(t, out.String(), "has given nothing")
}

func TestTestWithNothing(t *testing.T) {
	const silent = `yaml:
receivers: {files: {include: [/nowhere/*.log]}}
exporters: {delivery: {url: "http://127.0.0.1:1", queue: {directory: queue}}}
service: {pipelines: {logs/silent: {receivers: [files], exporters: [delivery]}}}`
	var out bytes.Buffer
	err := runTest(t.Context(), []string{silent}, 300*time.Millisecond, &out)
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	assert.Contains(t, out.String(), "The pipeline logs/silent has given nothing in this time.")
	err = runTest(t.Context(), []string{"yaml:receivers: {hots: }"}, time.Second, &bytes.Buffer{})
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
}

// The configuration that is built in is valid as it is.
func TestBuiltInConfiguration(t *testing.T) {
	dir := folder(t, map[string]string{"agent.yaml": string(configs.Agent)})
	_, err := newProgram(uris([]string{dir}), nil).Load(t.Context())
	require.NoError(t, err)
}
