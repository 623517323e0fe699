package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
)

// TestReloadIsReported reads from the status why a configuration was refused.
func TestReloadIsReported(t *testing.T) {
	folder := t.TempDir()
	write := func(interval string) {
		content := fmt.Sprintf(`
extensions: {agent_status: {file: %[1]q, interval: 100ms}}
receivers: {agent: {collection_interval: %[2]s}}
exporters: {delivery: {url: "http://127.0.0.1:1", queue: {directory: %[3]q}}}
service: {extensions: [agent_status], pipelines: {metrics: {receivers: [agent], exporters: [delivery]}}}
`, filepath.Join(folder, "status.json"), interval, filepath.Join(folder, "queue"))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "agent.yaml"), []byte(content), 0o600))
	}
	await := func(what string, is func(agentstatusextension.Part, agentstatusextension.Status) bool) agentstatusextension.Status {
		var status agentstatusextension.Status
		require.Eventually(t, func() bool {
			var err error
			status, err = agentstatusextension.ReadStatus(filepath.Join(folder, "status.json"))
			return err == nil && len(status.Parts) > 0 && is(status.Parts[0], status)
		}, 30*time.Second, 10*time.Millisecond, what)
		require.Equal(t, "configuration", status.Parts[0].Kind)
		return status
	}

	write("10s")
	run := newProgram(uris([]string{folder}), nil)
	ended := make(chan error, 1)
	go func() { ended <- run.Run(context.WithoutCancel(t.Context()), nil) }()
	first := await("it runs", func(part agentstatusextension.Part, status agentstatusextension.Status) bool {
		return part.State == agentstatusextension.StateOK && status.Config != ""
	})

	write("soon")
	run.Signal(syscall.SIGHUP)
	refused := await("it is refused", func(part agentstatusextension.Part, _ agentstatusextension.Status) bool {
		return part.State == agentstatusextension.StateFailing
	})
	assert.Contains(t, refused.Parts[0].Error, "the old one goes on")
	assert.Contains(t, refused.Parts[0].Error, "collection_interval")
	assert.Equal(t, first.Config, refused.Config)

	write("20s")
	run.Signal(syscall.SIGHUP)
	await("another one runs", func(part agentstatusextension.Part, status agentstatusextension.Status) bool {
		return part.State == agentstatusextension.StateOK && status.Config != first.Config && status.Config != ""
	})
	run.Signal(syscall.SIGTERM)
	require.NoError(t, <-ended)
}
