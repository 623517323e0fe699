package blackbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// remove sends DELETE /v1/admin/data.
func (c client) remove(t *testing.T, body map[string]any) map[string]any {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	got := c.send(t, http.MethodDelete, "/v1/admin/data", content, map[string]string{"Content-Type": "application/json"})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var answer map[string]any
	got.decode(t, &answer)
	return answer
}

// deletedDataStaysDeleted deletes samples that came in order and out of order, in memory
// still, and log records, then kills and restarts the server: nothing comes back.
func deletedDataStaysDeleted(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	base := time.Now().Add(-time.Hour).Truncate(time.Minute)
	write := func(job string, minutes ...int) {
		for _, minute := range minutes {
			body, header := remoteWrite1(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
				series("bb_delete", job, prompb.Sample{Timestamp: base.Add(time.Duration(minute) * time.Minute).UnixMilli(), Value: float64(minute)}),
			}})
			got := c.send(t, http.MethodPost, "/api/v1/write", body, header)
			require.Equal(t, http.StatusNoContent, got.status, "%s", got)
		}
	}
	write("gone", 0, 10, 20, 30, 5, 15, 25) // the last three out of order
	write("stays", 0, 10, 20, 30, 5, 15, 25)
	var items []map[string]any
	for i := range 40 {
		items = append(items, map[string]any{"time": base.Add(time.Duration(i) * time.Minute), "service": []string{"gone", "stays"}[i%2], "message": fmt.Sprint("line ", i)})
	}
	writeLogs(t, c, items...)

	metrics := map[string]any{"signal": "metrics", "selector": `bb_delete{job="gone"}`, "from": base.Add(5 * time.Minute), "to": base.Add(25 * time.Minute), "dry_run": true}
	logs := map[string]any{"signal": "logs", "query": "service:=gone", "from": base.Add(5 * time.Minute), "to": base.Add(25 * time.Minute), "dry_run": true}
	samples := func(job string) float64 {
		return c.number(t, fmt.Sprintf(`count_over_time(bb_delete{job=%q}[2h])`, job))
	}
	assert.Equal(t, map[string]any{"signal": "metrics", "dry_run": true, "series": 1.0, "samples": 4.0}, c.remove(t, metrics))
	assert.Equal(t, map[string]any{"signal": "logs", "dry_run": true, "records": 10.0}, c.remove(t, logs))
	assert.InDelta(t, 7, samples("gone"), 0, "nothing was deleted")

	metrics["dry_run"], logs["dry_run"] = false, false
	assert.Equal(t, map[string]any{"signal": "metrics", "dry_run": false, "series": 1.0, "samples": 4.0}, c.remove(t, metrics))
	assert.Equal(t, map[string]any{"signal": "logs", "dry_run": false, "records": 10.0}, c.remove(t, logs))
	check := func(when string) {
		t.Helper()
		assert.InDelta(t, 3, samples("gone"), 0, when)
		assert.InDelta(t, 7, samples("stays"), 0, when)
		assert.Len(t, c.logsOf(t, "gone"), 10, when)
		assert.Len(t, c.logsOf(t, "stays"), 20, when)
	}
	check("after the deletion")
	s.Kill()
	s.Start()
	c = clientOf(s)
	check("after a kill")
	s.Restart()
	c = clientOf(s)
	check("after a restart")

	metrics["selector"], metrics["from"], metrics["to"] = `{__name__=~".+",job=~"gone|stays"}`, 0, "now"
	c.remove(t, metrics)
	c.remove(t, map[string]any{"signal": "logs", "query": "*", "from": 0, "to": "now"})
	s.Restart()
	c = clientOf(s)
	assert.Zero(t, samples("gone")+samples("stays"))
	assert.Empty(t, c.logsOf(t, "stays"))
}

// deletedAndWrittenAgain writes to a series whose id every writer knows, after it was deleted.
func deletedAndWrittenAgain(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	write := func(minutesAgo ...int) {
		t.Helper()
		for _, minutes := range minutesAgo {
			body, header := remoteWrite1(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
				series("bb_again", "again", prompb.Sample{Timestamp: time.Now().Add(-time.Duration(minutes) * time.Minute).UnixMilli(), Value: float64(minutes)}),
			}})
			got := c.send(t, http.MethodPost, "/api/v1/write", body, header)
			require.Equal(t, http.StatusNoContent, got.status, "%s", got)
		}
	}
	count := func() float64 { return c.number(t, `count_over_time(bb_again[1h])`) }
	write(9, 8, 7)
	assert.InDelta(t, 3, count(), 0)
	for round := range 2 {
		removed := c.remove(t, map[string]any{"signal": "metrics", "selector": `bb_again{job="again"}`, "from": 0, "to": "now"})
		assert.InDelta(t, 1, removed["series"], 0, "round %d: %v", round, removed)
		assert.Zero(t, count(), "round %d", round)
		write(5-2*round, 4-2*round)
		assert.InDelta(t, 2, count(), 0, "round %d", round)
	}
}

func retentionSettings(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	type kept struct {
		MaxAge  string  `json:"max_age"`
		Seconds float64 `json:"max_age_seconds"`
		Bytes   int64   `json:"max_bytes"`
	}
	var settings struct{ Metrics, Logs kept }
	got := c.get(t, "/v1/admin/retention")
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	got.decode(t, &settings)
	metrics, logs := kept{"30d", 30 * 24 * 3600, 10 << 30}, kept{"1w", 7 * 24 * 3600, 10 << 30}
	if len(s.Parts) > 0 { // servers that grow
		metrics, logs = kept{"90d", 90 * 24 * 3600, 0}, kept{"1w", 7 * 24 * 3600, 0}
	}
	assert.Equal(t, metrics, settings.Metrics)
	assert.Equal(t, logs, settings.Logs)
	only, _ := createKey(t, c, "no admin", "query")
	assert.Equal(t, http.StatusForbidden, c.with(only).get(t, "/v1/admin/retention").status)
	refused := c.with(only).send(t, http.MethodDelete, "/v1/admin/data", []byte(`{"signal":"logs","query":"*","from":0,"to":"now"}`), jsonHeader)
	assert.Equal(t, http.StatusForbidden, refused.status, "%s", refused)
}
