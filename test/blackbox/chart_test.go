package blackbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/test/server"
)

// chartQueries asks for charts: exact where there is room, reduced to pairs where there is not.
func chartQueries(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	at := time.Now().Truncate(10 * time.Second)
	writeSeries(t, c, "bb_chart", "chart-one", at)
	writeSeries(t, c, "bb_chart", "chart-two", at)
	var chart struct {
		Step   float64
		Times  []float64
		Series []struct {
			Labels map[string]string
			Values []*float64
			Stats  struct{ Min, Max, Avg, Last float64 }
		}
		TotalSeries int `json:"total_series"`
		Reduced     bool
	}
	body := map[string]any{"query": "bb_chart", "from": at.Unix() - 60, "to": at.Unix() - 10, "points": 100, "limit": 1, "order": "name", "step": "10s"}
	got := c.postJSON(t, "/v1/query/range", body)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	got.decode(t, &chart)
	assert.InDelta(t, 10, chart.Step, 0)
	assert.Equal(t, 2, chart.TotalSeries)
	assert.False(t, chart.Reduced)
	require.Len(t, chart.Series, 1)
	assert.Equal(t, "chart-one", chart.Series[0].Labels["job"])
	require.Len(t, chart.Times, 6)
	for i, value := range chart.Series[0].Values {
		assert.InDelta(t, float64(at.Unix()-60+int64(i)*10), chart.Times[i], 0)
		require.NotNil(t, value)
		assert.InDelta(t, i, *value, 0)
	}
	assert.InDelta(t, 2.5, chart.Series[0].Stats.Avg, 0)

	body = map[string]any{"query": "bb_chart{job=\"chart-two\"}", "from": at.Unix() - 3600, "to": at.Unix(), "points": 60}
	chart.Series, chart.Times = nil, nil
	c.postJSON(t, "/v1/query/range", body).decode(t, &chart)
	assert.True(t, chart.Reduced)
	require.Len(t, chart.Series, 1)
	assert.Len(t, chart.Series[0].Values, len(chart.Times))
	assert.InDelta(t, 0, chart.Series[0].Stats.Min, 0)
	assert.InDelta(t, 5, chart.Series[0].Stats.Max, 0)
	assert.Nil(t, chart.Series[0].Values[0], "an hour ago there was nothing")
}

// logOrders reads records from both ends, and as downloads.
func logOrders(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	base := time.Now().Add(-5 * time.Minute).Truncate(time.Minute)
	var items []map[string]any
	for i := range 30 {
		items = append(items, map[string]any{
			"time": base.Add(time.Duration(i/3) * time.Second), "service": "bb-order", "level": []string{"info", "error"}[i%2],
			"message": fmt.Sprintf("=%d", i), "labels": map[string]string{"n": fmt.Sprint(i % 4)},
		})
	}
	writeLogs(t, c, items...)
	query := func(order string) map[string]any {
		return map[string]any{"service": "bb-order", "from": base, "to": base.Add(time.Minute), "limit": 7, "order": order}
	}
	newest, oldest := c.searchAll(t, query("desc")), c.searchAll(t, query("asc"))
	require.Len(t, newest, 30)
	require.Len(t, oldest, 30)
	for i, record := range oldest {
		assert.Equal(t, record, newest[29-i])
	}

	path := fmt.Sprintf("/v1/query/logs/export?service=bb-order&from=%d&to=%d&order=asc", base.Unix(), base.Unix()+60)
	got := c.get(t, path)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	assert.Contains(t, got.header.Get("Content-Disposition"), `attachment; filename="logs-`)
	lines := strings.Split(strings.TrimSuffix(string(got.body), "\n"), "\n")
	require.Len(t, lines, 30)
	for i, line := range lines {
		var record storage.LogRecord
		require.NoError(t, json.Unmarshal([]byte(line), &record))
		assert.Equal(t, oldest[i], record)
	}
	got = c.get(t, path+"&format=csv&fields=message,n")
	rows := strings.Split(string(got.body), "\r\n")
	assert.Equal(t, "message,n", rows[0])
	assert.Len(t, rows, 32)
	assert.Regexp(t, `^"'=\d+",\d$`, rows[1], "no formula")

	var login struct {
		AccessToken string `json:"access_token"`
	}
	newClient(s.HTTP, "").postJSON(t, "/v1/auth/login", map[string]string{"email": s.Bootstrap.AdminEmail, "password": s.Bootstrap.AdminPassword}).decode(t, &login)
	got = newClient(s.HTTP, "").send(t, http.MethodGet, path, nil, map[string]string{"Cookie": "pharos_access=" + login.AccessToken})
	assert.Equal(t, http.StatusOK, got.status, "a browser downloads by its cookie: %s", got)

	var counted struct {
		Buckets []struct {
			By    string
			Other bool
			Count int
		}
		From, To time.Time
		Total    int
	}
	got = c.postJSON(t, "/v1/query/logs/histogram", map[string]any{
		"service": "bb-order", "from": base, "to": base.Add(time.Hour), "buckets": 10, "by": "n", "limit": 2,
	})
	got.decode(t, &counted)
	counts := map[string]int{}
	for _, bucket := range counted.Buckets {
		name := bucket.By
		if bucket.Other {
			name = "other"
		}
		counts[name] += bucket.Count
	}
	assert.Equal(t, map[string]int{"0": 8, "1": 8, "other": 14}, counts, "%s", got)
	assert.Equal(t, 30, counted.Total)
	assert.False(t, counted.From.After(base))
	assert.False(t, counted.To.Before(base.Add(time.Hour)), "the whole range is told of")
}

// serviceList sends metrics and logs of one service and metrics alone of another.
func serviceList(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	at := time.Now().Add(-2 * time.Minute).Truncate(time.Second)
	got := c.postJSON(t, "/v1/ingest/metrics", []map[string]any{
		{"time": at, "service": "bb-both", "instance_id": "a", "metric_name": "bb_service_one", "value": 1},
		{"time": at, "service": "bb-both", "instance_id": "b", "metric_name": "bb_service_one", "value": 1},
		{"time": at, "service": "bb-both", "instance_id": "b", "metric_name": "bb_service_two", "value": 1},
	})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	writeSeries(t, c, "bb_service_job", "bb-job", at)
	writeLogs(t, c, map[string]any{"time": at, "service": "bb-both", "message": "one"}, map[string]any{"time": at.Add(time.Second), "service": "bb-both", "message": "two"})
	type service struct {
		Name                             string
		Instances, Series, Metrics, Logs int
		LastMetric                       time.Time `json:"last_metric"`
		LastLog                          time.Time `json:"last_log"`
	}
	var list struct{ Services []service }
	got = c.get(t, "/v1/services?from=now-37m")
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	got.decode(t, &list)
	found := map[string]service{}
	for _, one := range list.Services {
		found[one.Name] = one
	}
	both := found["bb-both"]
	assert.True(t, both.LastMetric.Equal(at), "%s", got)
	assert.True(t, both.LastLog.Equal(at.Add(time.Second)), "%s", got)
	both.LastMetric, both.LastLog = time.Time{}, time.Time{}
	assert.Equal(t, service{Name: "bb-both", Instances: 2, Series: 3, Metrics: 2, Logs: 2}, both)
	assert.Equal(t, 1, found["bb-job"].Series)
	assert.Zero(t, found["bb-job"].Logs)
}
