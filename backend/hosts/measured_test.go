package hosts

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
)

func TestMeasuredByAgent(t *testing.T) {
	const of = `service="pharos-agent",instance="web-1",`
	for _, tt := range []struct {
		name, load string
		want       bool
	}{
		{"nobody", ``, false},
		{"an agent", `target_info{` + of + `host_id="x"} 1x120` + "\n  " + `pharos_agent_part_up{` + of + `kind="receiver",part="host"} 0x120`, true},
		{"an agent by another name", `target_info{` + of + `host_id="x"} 1x120` + "\n  " + `pharos_agent_part_up{` + of + `kind="receiver",part="host/fast"} 1x120`, true},
		{"an agent of logs alone", `target_info{` + of + `host_id="x"} 1x120` + "\n  " + `pharos_agent_part_up{` + of + `kind="receiver",part="file_log/host"} 1x120`, false},
		{"an agent of another host", `target_info{` + of + `host_id="y"} 1x120` + "\n  " + `pharos_agent_part_up{` + of + `kind="receiver",part="host"} 1x120`, false},
		{"an agent that was", `target_info{` + of + `host_id="x"} 1x110` + "\n  " + `pharos_agent_part_up{` + of + `kind="receiver",part="host"} 1x110`, false},
		{"a server", `target_info{service="host",instance="web-1",host_id="x"} 1x120`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			metrics := querytest.NewMetrics(t, "\nload 30s\n  "+tt.load)
			engine, err := query.New(metrics, query.DefaultConfig(), nil, zap.NewNop())
			require.NoError(t, err)
			got, err := MeasuredByAgent(t.Context(), engine, querytest.Org, "x", time.Unix(hour, 0))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Zero(t, metrics.OpenCount())
		})
	}
}
