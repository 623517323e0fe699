package install

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
)

func TestJudge(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	fresh := agentstatusextension.Status{Version: "1.2", PID: 7, Started: now.Add(-time.Hour), Updated: now.Add(-time.Second)}
	old, failing := fresh, fresh
	old.Updated = now.Add(-time.Hour)
	failing.Parts = []agentstatusextension.Part{
		{Kind: "exporter", ID: "delivery", State: agentstatusextension.StateFailing, Error: "no route", Since: now},
		{Kind: "receiver", ID: "host", State: agentstatusextension.StateOK},
	}
	for _, tt := range []struct {
		name    string
		status  *agentstatusextension.Status
		service string
		alive   bool
		state   string
		code    int
		reason  string
	}{
		{"well, by systemd", &fresh, "active", true, stateHealthy, 0, ""},
		{"well, in a container", &fresh, "", true, stateHealthy, 0, ""},
		{"a part fails", &failing, "active", true, stateUnhealthy, 1, "exporter delivery fails since 2026-11-30T12:00:00Z: no route"},
		{"it hangs", &old, "active", true, stateUnhealthy, 1, "has not written its status since"},
		{"no status", nil, "active", false, stateUnhealthy, 1, "agent_status"},
		{"stopped", &fresh, "inactive", false, stateNotRunning, 3, "last heard of"},
		{"failed", &fresh, "failed", false, stateNotRunning, 3, "the service is failed"},
		{"killed, in a container", &fresh, "", false, stateNotRunning, 3, "last heard of"},
		{"never ran", nil, "", false, stateNotRunning, 3, "never run"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			report := judge(tt.status, tt.service, tt.alive, now)
			assert.Equal(t, tt.state, report.State)
			assert.Equal(t, tt.code, report.ExitCode())
			if tt.reason == "" {
				assert.Empty(t, report.Reasons)
				return
			}
			require.Len(t, report.Reasons, 1)
			assert.Contains(t, report.Reasons[0], tt.reason)
		})
	}
}

func TestPrint(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	report := Report{State: stateUnhealthy, Reasons: []string{"it rains"}, Service: "active", Agent: &agentstatusextension.Status{
		Version: "1.2", PID: 7, Started: now.Add(-90 * time.Minute), Updated: now,
		Parts: []agentstatusextension.Part{{Kind: "exporter", ID: "delivery", State: agentstatusextension.StateFailing, Since: now}},
		Queues: []agentstatusextension.Queue{
			{Signal: "logs", Items: 3, Bytes: 2500, AgeSeconds: 61, Delivered: 70, Dropped: 2, LastSuccess: now.Add(-5 * time.Second)},
			{Signal: "metrics", Bytes: 3 << 20},
		},
	}}
	var out bytes.Buffer
	require.NoError(t, report.Print(&out, now))
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	assert.Equal(t, []string{
		"pharos-agent is unhealthy, version 1.2, up 1h30m0s, process 7",
		"- it rains",
		"",
		"signal waiting on disk oldest delivered dropped last success",
		"logs 3 2.4 KiB 1m1s 70 2 5s ago",
		"metrics 0 3.0 MiB 0s 0 0 never",
		"",
		"part state since",
		"exporter delivery failing " + now.Local().Format(time.DateTime),
	}, lines)

	out.Reset()
	require.NoError(t, report.PrintJSON(&out))
	var back Report
	require.NoError(t, json.Unmarshal(out.Bytes(), &back))
	assert.Equal(t, report, back)
}

func TestReadReport(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no systemctl
	file := filepath.Join(t.TempDir(), "status.json")
	report, err := ReadReport(t.Context(), file, time.Now())
	require.NoError(t, err)
	assert.Equal(t, stateNotRunning, report.State)

	content, err := json.Marshal(agentstatusextension.Status{PID: 1 << 30, Updated: time.Now()})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, content, 0o600))
	report, err = ReadReport(t.Context(), file, time.Now())
	require.NoError(t, err)
	assert.Equal(t, stateNotRunning, report.State, "there is no such process")

	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	_, err = ReadReport(t.Context(), file, time.Now())
	require.ErrorContains(t, err, "agent_status::file")
}
