package hosts

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hour is when the tests ask: after 120 samples of half a minute.
const hour = 3600

func newAPI(t *testing.T, load string) *API {
	t.Helper()
	metrics := querytest.NewMetrics(t, load)
	t.Cleanup(func() { assert.Zero(t, metrics.OpenCount()) })
	engine, err := query.New(metrics, query.DefaultConfig(), nil, zap.NewNop())
	require.NoError(t, err)
	api := New(engine)
	api.now = func() time.Time { return time.Unix(hour, 0).UTC() }
	return api
}

func known(ctx context.Context) context.Context {
	return auth.NewContext(ctx, auth.Principal{OrgID: querytest.Org})
}

func at(seconds int64) *time.Time {
	t := time.Unix(seconds, 0).UTC()
	return &t
}

func list(t *testing.T, api *API, input listInput) HostList {
	t.Helper()
	if input.Limit == 0 {
		input.Limit = 100
	}
	output, err := api.list(known(t.Context()), &input)
	require.NoError(t, err)
	return output.Body
}

const agentLabels = `service="pharos-agent",job="pharos-agent",instance="NAME",host_name="NAME"`

// agent loads what an agent says; further lines have their own values.
func agent(name, values string, more ...string) string {
	lines := []string{
		`target_info{LABELS,host_id="id-of-NAME",host_arch="amd64",os_type="linux",os_description="Debian 12"} VALUES`,
		`pharos_agent_info{LABELS,version="1.2.3",config="c0ffee"} VALUES`,
		`pharos_agent_part_up{LABELS,kind="receiver",part="host"} VALUES`,
	}
	text := "\n  " + strings.Join(append(lines, more...), "\n  ")
	return strings.NewReplacer("LABELS", strings.ReplaceAll(agentLabels, "NAME", name), "NAME", name, "VALUES", values).Replace(text)
}

func TestOneHostWhole(t *testing.T) {
	api := newAPI(t, "\nload 30s"+agent("web-1", "1x120",
		`process_memory_usage_bytes{LABELS} 20000000x120`,
		`process_cpu_time_seconds_total{LABELS,cpu_mode="user"} 0+0.03x120`,
		`process_cpu_time_seconds_total{LABELS,cpu_mode="system"} 0+0.06x120`,
		`process_uptime_seconds{LABELS} 0+30x120`,
		`go_goroutine_count{LABELS} 17x120`,
		`pharos_delivery_queue_items{LABELS,signal="metrics"} 5x120`,
		`pharos_delivery_queue_bytes{LABELS,signal="metrics"} 900x120`,
		`pharos_delivery_queue_age_seconds{LABELS,signal="metrics"} 1.5x120`,
		`pharos_delivery_delivered_items_total{LABELS,signal="metrics"} 0+100x120`,
		`pharos_delivery_last_success_seconds{LABELS,signal="metrics"} 3590x120`,
		`pharos_agent_part_up{LABELS,kind="receiver",part="of-before"} 1x100`,
		`pharos_agent_part_up{LABELS,kind="exporter",part="delivery"} 1x120`,
		`pharos_plugin_state{LABELS,plugin="plugin/db",state="running"} 1x110 0x9`,
		`pharos_plugin_state{LABELS,plugin="plugin/db",state="waiting"} 0x110 1x9`,
		`pharos_plugin_restarts_total{LABELS,plugin="plugin/db",reason="ended"} 2x120`,
		`pharos_plugin_restarts_total{LABELS,plugin="plugin/db",reason="hangs"} 1x120`,
		`pharos_plugin_dropped_points_total{LABELS,plugin="plugin/db",reason="too_many"} 4x120`,
		`pharos_plugin_memory_usage_bytes{LABELS,plugin="plugin/db"} 20000000x120`,
		`pharos_plugin_state{LABELS,plugin="plugin/of-before",state="running"} 1x110`,
	))
	cores, memory, goroutines := 0.003, int64(20_000_000), int64(17)
	found := list(t, api, listInput{Name: "web-1"})
	require.Len(t, found.Hosts, 1)
	host := found.Hosts[0]
	assert.InDelta(t, cores, *host.Agent.CPU, 1e-9)
	host.Agent.CPU = &cores
	assert.Equal(t, Host{
		Name: "web-1", ID: "id-of-web-1", OS: "Debian 12", Arch: "amd64", State: StateOK, LastSeen: at(hour),
		Agent: &Agent{
			Version: "1.2.3", Config: "c0ffee", LastReport: *at(hour), Started: at(0), CPU: &cores, Memory: &memory, Goroutines: &goroutines,
			Queues:  []AgentQueue{{Signal: "metrics", Items: 5, Bytes: 900, AgeSeconds: 1.5, Delivered: 12_000, LastSuccess: at(3590)}},
			Parts:   []AgentPart{{"exporter", "delivery", true}, {"receiver", "host", true}},
			Plugins: []AgentPlugin{{ID: "plugin/db", State: "waiting", Restarts: 3, Dropped: 4, Memory: &memory}},
		},
	}, host)

	assert.Empty(t, list(t, api, listInput{Name: "web"}).Hosts)
}

func TestStates(t *testing.T) {
	reasons := func(all ...Reason) []Reason { return all }
	for _, tt := range []struct {
		name, load string
		state      State
		seen       int64
		reasons    []Reason
	}{
		{"well", agent("h", "1x120"), StateOK, hour, nil},
		{"two reports are missing", agent("h", "1x117"), StateOK, hour - 90, nil},
		{
			"silent for minutes", agent("h", "1x116"), StateSilent, hour - 120,
			reasons(Reason{Kind: "agent", Text: "The agent reports no more.", Since: at(hour - 120)}),
		},
		{
			"silent for long", agent("h", "1x20"), StateSilent, 600,
			reasons(Reason{Kind: "agent", Text: "The agent reports no more.", Since: at(600)}),
		},
		{
			"silent while others measure", agent("h", "1x20") + "\n  " + `system_cpu_load_average_1m{service="host",host_name="h"} 1x120`, StateSilent, hour,
			reasons(Reason{Kind: "agent", Text: "The agent reports no more; others still measure this host.", Since: at(600)}),
		},
		{"reports every five minutes", agent("h", strings.Repeat("1 "+strings.Repeat("_x9 ", 1), 11)+"1"), StateOK, hour - 300, nil},
		{"a part fails", agent("h", "1x120", `pharos_agent_part_failure_seconds{LABELS,kind="exporter",part="delivery",reason="away"} 1800x120`), StateUnhealthy, hour, reasons(Reason{Kind: "exporter", Part: "delivery", Text: "away", Since: at(1800)})},
		{"a part failed until the last report", agent("h", "1x120", `pharos_agent_part_failure_seconds{LABELS,kind="exporter",part="delivery",reason="away"} 1800x119`), StateOK, hour, nil},
		{"lost long ago", agent("h", "1x120", `pharos_delivery_dropped_items_total{LABELS,signal="logs",reason="too_old"} 7x120`), StateOK, hour, nil},
		{
			"lost now", agent("h", "1x120", `pharos_delivery_dropped_items_total{LABELS,signal="logs",reason="queue_full"} 7x110 9x9`), StateUnhealthy, hour,
			reasons(Reason{Kind: "loss", Part: "logs", Text: "2 items were dropped within ten minutes: the queue on disk was full."}),
		},
		{
			"lost for the first time", agent("h", "1x120", `pharos_delivery_dropped_items_total{LABELS,signal="logs",reason="refused"} _x111 3x8`), StateUnhealthy, hour,
			reasons(Reason{Kind: "loss", Part: "logs", Text: "3 items were dropped within ten minutes: the server refused them."}),
		},
		{"comes back with an old loss", agent("h", "_x111 1x9", `pharos_delivery_dropped_items_total{LABELS,signal="logs",reason="refused"} _x111 3x9`), StateOK, hour, nil},
		{
			"lost again after a restart", agent("h", "1x120", `pharos_delivery_dropped_items_total{LABELS,signal="logs",reason="other"} 7x110 1x9`), StateUnhealthy, hour,
			reasons(Reason{Kind: "loss", Part: "logs", Text: "1 items were dropped within ten minutes: other."}),
		},
		{
			"full of memory", agent("h", "1x120", `otelcol_processor_memory_limiter_refused_log_records_total{LABELS,processor="memory_limiter"} _x111 3x8`), StateUnhealthy, hour,
			reasons(Reason{Kind: "loss", Part: "memory_limiter", Text: "3 items were refused within ten minutes: the agent is at its memory limit (log records)."}),
		},
		{"measured by others", "\n  " + `system_memory_usage_bytes{service="host",host_name="h"} 1x120`, StateNoAgent, hour, nil},
		{
			"no more measured by others", "\n  " + `system_memory_usage_bytes{service="host",host_name="h"} 1x20`, StateSilent, 600,
			reasons(Reason{Kind: "host", Text: "It reports no more.", Since: at(600)}),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hosts := list(t, newAPI(t, "\nload 30s"+tt.load), listInput{}).Hosts
			require.Len(t, hosts, 1)
			assert.Equal(t, tt.state, hosts[0].State)
			assert.Equal(t, at(tt.seen), hosts[0].LastSeen)
			assert.Equal(t, tt.reasons, hosts[0].Reasons)
			assert.Equal(t, strings.Contains(tt.load, metricInfo), hosts[0].Agent != nil)
		})
	}
}

func TestOthersThanHosts(t *testing.T) {
	api := newAPI(t, `
load 30s
  target_info{service="shop",host_name="h",os_type="linux",os_description="says a program",host_id="x"} 1x120
  target_info{service="host",host_name="h",os_type="linux",os_description="Debian 12",host_id="y"} 1x120
  target_info{service="shop",host_name="i",os_type="linux"} 1x120
  system_cpu_load_average_1m{host_name="h"} 1x120
  requests_total{service="shop",host_name="j"} 1x120
  pharos_agent_info{service="shop",host_name="k",version="1"} 1x120
`)
	hosts := list(t, api, listInput{}).Hosts
	require.Len(t, hosts, 1, "who is only named is no host that reports")
	assert.Equal(t, Host{Name: "h", ID: "y", OS: "Debian 12", State: StateNoAgent, LastSeen: at(hour)}, hosts[0])
}

func TestAThousandHosts(t *testing.T) {
	var load strings.Builder
	load.WriteString("\nload 30s")
	for i := range 1000 {
		switch {
		case i < 300: // more than are asked for by name
			load.WriteString(agent(fmt.Sprintf("node-%04d", i), "1x10"))
		case i < 310:
			load.WriteString(agent(fmt.Sprintf("node-%04d", i), "1x120", `pharos_agent_part_failure_seconds{LABELS,kind="exporter",part="delivery",reason="away"} 1800x120`))
		default:
			load.WriteString(agent(fmt.Sprintf("node-%04d", i), "1x120"))
		}
	}
	api := newAPI(t, load.String())
	seen, after, pages := map[string]bool{}, "", 0
	for {
		page := list(t, api, listInput{Limit: 300, After: after})
		assert.Equal(t, StateCounts{OK: 690, Unhealthy: 10, Silent: 300}, page.Counts)
		for _, host := range page.Hosts {
			seen[host.Name] = true
			assert.Empty(t, host.Agent.Parts)
		}
		pages++
		if after = page.Next; after == "" {
			break
		}
	}
	assert.Len(t, seen, 1000)
	assert.Equal(t, 4, pages)

	page := list(t, api, listInput{State: "unhealthy", Query: "debian 1.2.3 NODE-030", Limit: 3})
	assert.Equal(t, []string{"node-0300", "node-0301", "node-0302"}, []string{page.Hosts[0].Name, page.Hosts[1].Name, page.Hosts[2].Name})
	assert.Equal(t, "node-0302", page.Next)
	assert.Equal(t, StateCounts{Unhealthy: 10}, page.Counts)
	assert.Empty(t, list(t, api, listInput{Query: "no-such"}).Hosts)
	assert.Len(t, list(t, api, listInput{Name: "node-0999"}).Hosts[0].Agent.Parts, 1, "the list has not changed what is kept")
}

func TestTimes(t *testing.T) {
	api := newAPI(t, "\nload 30s"+agent("h", "1x20"))
	assert.Equal(t, StateOK, list(t, api, listInput{Range: Range{To: "600"}}).Hosts[0].State, "as of then")
	assert.Empty(t, list(t, api, listInput{Range: Range{From: "now-40m"}}).Hosts)
	for _, tt := range []struct{ from, to, field string }{{"now", "now-1h", "from"}, {"now-8d", "now", "from"}, {"yesterday", "", "from"}, {"", "soon", "to"}} {
		_, err := api.list(known(t.Context()), &listInput{Range: Range{From: tt.from, To: tt.to}})
		var coded *errcode.Error
		require.ErrorAs(t, err, &coded)
		assert.Equal(t, tt.field, coded.Field)
	}
	_, err := api.list(t.Context(), &listInput{})
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
}
