package blackbox

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/hosts"
	"github.com/pharos-obs/pharos/test/agent"
	"github.com/pharos-obs/pharos/test/server"
)

const pluginVariable = "PHAROS_PLUGIN_BIN"

// pluginProgram is the plugin that `pharos-agent plugin new` writes.
func pluginProgram() server.Program {
	return server.Program{Variable: pluginVariable, Package: "./agent/plugins/template"}
}

// pluginProcess returns the process of the plugin that was started last.
func pluginProcess(t *testing.T, a *agent.Agent) int {
	t.Helper()
	found := regexp.MustCompile(`The plugin runs.*"pid": (\d+)`).FindAllStringSubmatch(a.Log(), -1)
	require.NotEmpty(t, found)
	pid, err := strconv.Atoi(found[len(found)-1][1])
	require.NoError(t, err)
	return pid
}

// gone says whether a process has ended, also when nobody has waited for it.
func gone(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return syscall.Kill(pid, 0) != nil || err == nil && strings.Contains(string(state), ") Z ")
}

// TestPlugin runs a plugin in an agent, and one beside it that does not start: what the one measures
// is there by PromQL, what is wrong with the other is said, and neither outlives the agent.
func TestPlugin(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "one"), nil, 0o600))
	a := agent.New(t, "http://"+s.HTTP, s.Bootstrap.APIKey)
	a.Overlay = chatty
	a.Write("conf.d/plugins.yaml", fmt.Sprintf(`
receivers:
  plugin/counted: { path: %q, collection_interval: 500ms, restart: { initial: 100ms }, config: { folder: %q } }
  plugin/broken: { path: /bin/false, restart: { initial: 100ms } }
service: { pipelines: { metrics/plugins: { receivers: [plugin/counted, plugin/broken], exporters: [delivery] } } }
`, os.Getenv(pluginVariable), folder))
	a.Start()
	const files = `example_entries{service="counted",kind="file"}`
	require.Eventually(t, func() bool { return c.number(t, files) == 1 }, patience, 100*time.Millisecond)
	ill := c.await(t, "now", hosts.StateUnhealthy, "plugin/broken")
	assert.Contains(t, fmt.Sprint(ill.Reasons), "start the plugin: ")

	// A plugin that is killed comes back.
	before := pluginProcess(t, a)
	require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "two"), nil, 0o600))
	require.Eventually(t, func() bool { return c.number(t, files) == 2 }, patience, 100*time.Millisecond)
	require.Eventually(t, func() bool {
		return c.number(t, `pharos_plugin_restarts_total{plugin="plugin/counted",reason="ended"}`) == 1
	}, patience, 100*time.Millisecond)
	after := pluginProcess(t, a)
	assert.NotEqual(t, before, after)

	a.Kill()
	require.Eventually(t, func() bool { return gone(after) }, patience, 20*time.Millisecond, "it does not outlive the agent")
}
