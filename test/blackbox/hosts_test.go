package blackbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/hosts"
	"github.com/pharos-obs/pharos/test/agent"
	"github.com/pharos-obs/pharos/test/server"
)

// chatty makes an agent report each second.
const chatty = `{exporters: {delivery: {timeout: 3s, retry: {initial: 50ms, max: 500ms}}}, receivers: {agent: {collection_interval: 1s}}}`

var asked atomic.Int64

// host asks for this machine as of a time; nil when it has not reported.
func (c client) host(t *testing.T, to string) *hosts.Host {
	t.Helper()
	name, err := os.Hostname()
	require.NoError(t, err)
	since := asked.Add(11) // seconds: another question each time, or the answer might be ten seconds old
	got := c.get(t, "/v1/hosts?"+url.Values{"name": {name}, "to": {to}, "from": {fmt.Sprintf("now-%ds", 3600+since)}}.Encode())
	require.Equal(t, http.StatusOK, got.status, string(got.body))
	var list hosts.HostList
	require.NoError(t, json.Unmarshal(got.body, &list))
	if len(list.Hosts) == 0 {
		return nil
	}
	return &list.Hosts[0]
}

// await waits until this machine is in a state, and returns how it is then.
func (c client) await(t *testing.T, to string, state hosts.State, reason string) *hosts.Host {
	t.Helper()
	var found *hosts.Host
	require.Eventually(t, func() bool {
		found = c.host(t, to)
		return found != nil && found.State == state && strings.Contains(fmt.Sprint(found.Reasons), reason)
	}, patience, 200*time.Millisecond, "%s: %s", state, reason)
	return found
}

// TestHostIsUnhealthy has a part of the agent fail, and a reload refused; the server says so, and
// why, until it is over.
func TestHostIsUnhealthy(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	a := agent.New(t, "http://"+s.HTTP, s.Bootstrap.APIKey)
	a.Overlay = chatty
	missing := filepath.Join(t.TempDir(), "missing")
	const broken = "conf.d/broken.yaml"
	a.Write(broken, fmt.Sprintf(`
receivers: { host/broken: { root_path: %q, host_name: other, collection_interval: 1s } }
service: { pipelines: { metrics/broken: { receivers: [host/broken], exporters: [delivery] } } }
`, missing))
	a.Start()
	ill := c.await(t, "now", hosts.StateUnhealthy, missing)
	require.Len(t, ill.Reasons, 1)
	assert.Equal(t, "receiver host/broken", ill.Reasons[0].Kind+" "+ill.Reasons[0].Part)
	require.NotNil(t, ill.Agent)
	assert.NotEmpty(t, ill.ID)
	assert.NotEmpty(t, ill.Agent.Version)
	assert.Len(t, ill.Agent.Config, 8)
	assert.Greater(t, *ill.Agent.Memory, int64(1<<20))
	assert.WithinDuration(t, time.Now(), *ill.Agent.Started, time.Hour)
	assert.Contains(t, ill.Agent.Parts, hosts.AgentPart{Kind: "receiver", ID: "host/broken", Up: false})
	assert.Contains(t, ill.Agent.Parts, hosts.AgentPart{Kind: "exporter", ID: "delivery", Up: true})
	require.NotEmpty(t, ill.Agent.Queues)

	a.Write("conf.d/wrong.yaml", "receivers: { host/wrong: { collection_interval: never } }\n")
	a.Signal(syscall.SIGHUP)
	refused := c.await(t, "now", hosts.StateUnhealthy, "the old one goes on")
	assert.Equal(t, "configuration", refused.Reasons[0].Kind)
	assert.Contains(t, refused.Reasons[0].Text, "collection_interval")

	for _, file := range []string{broken, "conf.d/wrong.yaml"} {
		require.NoError(t, os.Remove(filepath.Join(a.Config, file)))
	}
	a.Signal(syscall.SIGHUP)
	well := c.await(t, "now", hosts.StateOK, "")
	assert.NotEqual(t, ill.Agent.Config, well.Agent.Config)

	assert.Zero(t, a.Stop())
	silent := c.await(t, "now+2m", hosts.StateSilent, "The agent reports no more.") // as it will be seen then
	a.Start()
	require.Eventually(t, func() bool {
		again := c.host(t, "now")
		return again != nil && again.State == hosts.StateOK && again.LastSeen.After(*silent.LastSeen)
	}, patience, 200*time.Millisecond, "it is back")
}

// TestHostIsMeasuredOnce starts an agent beside a server that measures the same machine: the server
// rests.
func TestHostIsMeasuredOnce(t *testing.T) {
	t.Parallel()
	s := server.Start(t, "--config", overlay(t, "receivers: { self: { collection_interval: 1s } }"))
	c := clientOf(s)
	c.await(t, "now", hosts.StateNoAgent, "")
	const taken = `otelcol_receiver_accepted_metric_points_total{receiver="host"}`
	require.Eventually(t, func() bool { return c.number(t, taken) > 0 }, patience, 200*time.Millisecond, "the server measures")

	a := agent.New(t, "http://"+s.HTTP, s.Bootstrap.APIKey)
	a.Overlay = strings.Replace(chatty, "receivers: {", "receivers: {host: {collection_interval: 1s}, ", 1)
	a.Start()
	assert.NotNil(t, c.await(t, "now", hosts.StateOK, "").Agent)
	require.Eventually(t, func() bool {
		// The server reads the CPU, and its own counters, each second.
		const rests = taken + ` - ` + taken + ` offset 4s == 0`
		return len(c.query(t, rests)) == 1
	}, patience, 500*time.Millisecond, "the server rests")
	assert.Len(t, c.query(t, `count by (instance) (system_memory_usage_bytes{system_memory_state="used"})`), 1)
	measured := c.number(t, `count_over_time(system_cpu_load_average_1m[5m])`)
	require.Eventually(t, func() bool {
		return c.number(t, `count_over_time(system_cpu_load_average_1m[5m])`) > measured
	}, patience, 500*time.Millisecond, "the agent measures")
}

// hostList sends what agents say of themselves: one is well, one is not, one reports no more.
func hostList(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	now, before := time.Now().Truncate(time.Second), time.Now().Add(-3*time.Hour).Truncate(time.Second)
	var samples []map[string]any
	says := func(host string, at time.Time, metric string, value float64, labels map[string]string) {
		labels["host_name"] = host
		samples = append(samples, map[string]any{"time": at, "service": "pharos-agent", "instance_id": host, "metric_name": metric, "value": value, "labels": labels})
	}
	for host, at := range map[string]time.Time{"bb-host-ill": now, "bb-host-silent": before, "bb-host-well": now} {
		says(host, at, "target_info", 1, map[string]string{"host_id": "id-of-" + host, "os_type": "linux", "host_arch": "amd64"})
		says(host, at, "pharos_agent_info", 1, map[string]string{"version": "1.2.3"})
		says(host, at, "pharos_agent_part_up", 1, map[string]string{"kind": "receiver", "part": "host"})
	}
	says("bb-host-ill", now, "pharos_agent_part_failure_seconds", float64(now.Add(-time.Hour).Unix()), map[string]string{"kind": "exporter", "part": "delivery", "reason": "away"})
	got := c.postJSON(t, "/v1/ingest/metrics", samples)
	require.Equal(t, http.StatusOK, got.status, "%s", got)

	var list hosts.HostList
	got = c.get(t, "/v1/hosts?q=bb-host&from=now-23h")
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	require.NoError(t, json.Unmarshal(got.body, &list))
	assert.Equal(t, hosts.StateCounts{OK: 1, Unhealthy: 1, Silent: 1}, list.Counts)
	require.Len(t, list.Hosts, 3, "%s", got)
	ill, silent, well := list.Hosts[0], list.Hosts[1], list.Hosts[2]
	began := now.Add(-time.Hour).UTC()
	assert.Equal(t, []hosts.Reason{{Kind: "exporter", Part: "delivery", Text: "away", Since: &began}}, ill.Reasons)
	assert.True(t, silent.LastSeen.Equal(before), "%s", got)
	for _, host := range list.Hosts {
		assert.Equal(t, "id-of-"+host.Name, host.ID)
		assert.Equal(t, "1.2.3", host.Agent.Version)
	}
	assert.Equal(t, hosts.StateOK, well.State)
}
