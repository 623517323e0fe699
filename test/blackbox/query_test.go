package blackbox

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// writeSeries stores one sample every ten seconds of the minute before at: values 0 to 5.
func writeSeries(t *testing.T, c client, name, job string, at time.Time) {
	t.Helper()
	var samples []prompb.Sample
	for i := range 6 {
		samples = append(samples, prompb.Sample{Timestamp: at.Add(time.Duration(i-6) * 10 * time.Second).UnixMilli(), Value: float64(i)})
	}
	body, header := remoteWrite1(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{series(name, job, samples...)}})
	got := c.send(t, http.MethodPost, "/api/v1/write", body, header)
	require.Equal(t, http.StatusNoContent, got.status, "%s", got)
}

func prometheusAPI(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	at := time.Now().Truncate(10 * time.Second)
	writeSeries(t, c, "bb_prom", "one", at)
	writeSeries(t, c, "bb_prom", "two", at)

	var matrix struct {
		Data struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Values [][]any
			}
		}
	}
	path := fmt.Sprintf("/api/v1/query_range?query=%s&start=%d&end=%d&step=10", url.QueryEscape(`sum(bb_prom)`), at.Unix()-60, at.Unix()-10)
	c.get(t, path).decode(t, &matrix)
	require.Len(t, matrix.Data.Result, 1)
	require.Len(t, matrix.Data.Result[0].Values, 6)
	for i, value := range matrix.Data.Result[0].Values {
		assert.InDelta(t, float64(at.Unix()-60+int64(i)*10), value[0], 0)
		assert.Equal(t, fmt.Sprint(2*i), value[1])
	}

	var list struct{ Data []string }
	selector := url.QueryEscape(`{__name__="bb_prom"}`)
	c.get(t, "/api/v1/labels?match[]="+selector).decode(t, &list)
	assert.Equal(t, []string{"__name__", "job"}, list.Data)
	c.get(t, "/api/v1/label/job/values?match[]="+selector).decode(t, &list)
	assert.Equal(t, []string{"one", "two"}, list.Data)
	var sets struct{ Data []map[string]string }
	c.get(t, "/api/v1/series?match[]="+selector).decode(t, &sets)
	assert.ElementsMatch(t, []map[string]string{{"__name__": "bb_prom", "job": "one"}, {"__name__": "bb_prom", "job": "two"}}, sets.Data)

	form := []byte(url.Values{"query": {`count(bb_prom)`}, "time": {fmt.Sprint(at.Unix() - 10)}}.Encode())
	got := c.send(t, http.MethodPost, "/api/v1/query", form, map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	assert.Contains(t, string(got.body), `"2"`)

	var text struct{ Data string }
	c.get(t, "/api/v1/format_query?query="+url.QueryEscape(`sum(rate(bb_prom[5m]))by(job)`)).decode(t, &text)
	assert.Equal(t, "sum by (job) (rate(bb_prom[5m]))", text.Data)

	var build struct{ Data struct{ Version string } }
	c.get(t, "/api/v1/status/buildinfo").decode(t, &build)
	assert.Regexp(t, `^3\.\d+\.\d+$`, build.Data.Version, "clients choose features by a Prometheus version")

	bad := c.get(t, "/api/v1/query?query="+url.QueryEscape("sum("))
	assert.Equal(t, http.StatusBadRequest, bad.status)
	assert.Contains(t, string(bad.body), `"errorType":"bad_data"`)
}

func metricQueries(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	at := time.Now().Truncate(10 * time.Second)
	writeSeries(t, c, "bb_rest", "rest-one", at)
	writeSeries(t, c, "bb_rest", "rest-two", at)

	type metrics struct {
		Series []struct {
			Labels map[string]string
			Points [][2]float64
		}
		Resolution string
	}
	var answer metrics
	span := fmt.Sprintf("&from=%d&to=%d&step=10s", at.Unix()-60, at.Unix()-10)
	c.get(t, "/v1/query/metrics?metric=bb_rest&service=rest-one"+span).decode(t, &answer)
	require.Len(t, answer.Series, 1)
	assert.Equal(t, "rest-one", answer.Series[0].Labels["job"])
	assert.Equal(t, "10s", answer.Resolution)
	require.Len(t, answer.Series[0].Points, 6)
	for i, point := range answer.Series[0].Points {
		assert.InDelta(t, float64(at.UnixMilli()-60_000+int64(i)*10_000), point[0], 0)
		assert.InDelta(t, i, point[1], 0)
	}
	answer = metrics{}
	c.get(t, "/v1/query/metrics?metric=bb_rest&agg=sum"+span).decode(t, &answer)
	require.Len(t, answer.Series, 1)
	require.Len(t, answer.Series[0].Points, 6)
	assert.InDelta(t, 10, answer.Series[0].Points[5][1], 0)
	answer = metrics{}
	c.get(t, "/v1/query/metrics?metric=bb_rest&agg=max&by=job"+span).decode(t, &answer)
	assert.Len(t, answer.Series, 2)

	type list struct {
		Series []struct {
			Metric string
			Labels map[string]string
		}
		Next string
	}
	var jobs []string
	cursor := ""
	for range 3 {
		var page list
		c.get(t, "/v1/query/series?metric=bb_rest&limit=1&cursor="+cursor).decode(t, &page)
		require.Len(t, page.Series, 1)
		assert.Equal(t, "bb_rest", page.Series[0].Metric)
		jobs = append(jobs, page.Series[0].Labels["job"])
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	assert.Equal(t, []string{"rest-one", "rest-two"}, jobs)
}

func writeLogs(t *testing.T, c client, items ...map[string]any) {
	t.Helper()
	got := c.postJSON(t, "/v1/ingest/logs", items)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var accepted struct{ Accepted int }
	got.decode(t, &accepted)
	require.Equal(t, len(items), accepted.Accepted)
}

func logQueries(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	base := time.Now().Add(-5 * time.Minute).Truncate(time.Minute)
	var items []map[string]any
	for i := range 30 {
		level := []string{"info", "warn", "error"}[i%3]
		items = append(items, map[string]any{
			"time": base.Add(time.Duration(i) * 4 * time.Second), "service": "bb-logs", "level": level,
			"message": fmt.Sprintf("request %d answered", i), "labels": map[string]string{"path": "/p" + fmt.Sprint(i%2)},
		})
	}
	writeLogs(t, c, items...)
	window := func(more map[string]any) map[string]any {
		query := map[string]any{"service": "bb-logs", "from": base, "to": base.Add(2 * time.Minute)}
		maps.Copy(query, more)
		return query
	}
	assert.Len(t, c.searchAll(t, window(map[string]any{"limit": 7})), 30)
	assert.Len(t, c.searchAll(t, window(map[string]any{"level": "error"})), 10)
	assert.Len(t, c.searchAll(t, window(map[string]any{"level": "error,warn"})), 20)
	assert.Len(t, c.searchAll(t, window(map[string]any{"labels": map[string]string{"path": "/p1"}})), 15)
	assert.Len(t, c.searchAll(t, window(map[string]any{"query": `"request 7" -level:error`})), 1)
	assert.Len(t, c.searchAll(t, window(map[string]any{"query": `answered level:info path:/p0`})), 5)

	type buckets struct {
		Buckets []struct {
			Time  time.Time
			Count int
			By    string
		}
		Step string
	}
	var counted buckets
	got := c.postJSON(t, "/v1/query/logs/histogram", window(map[string]any{"step": "1m"}))
	got.decode(t, &counted)
	require.Len(t, counted.Buckets, 2, "%s", got)
	assert.Equal(t, 15, counted.Buckets[0].Count)
	assert.Equal(t, 15, counted.Buckets[1].Count)
	assert.True(t, counted.Buckets[0].Time.Equal(base))
	counted = buckets{}
	c.postJSON(t, "/v1/query/logs/histogram", window(map[string]any{"step": "2m", "by": "level"})).decode(t, &counted)
	byLevel := map[string]int{}
	for _, bucket := range counted.Buckets {
		byLevel[bucket.By] += bucket.Count
	}
	assert.Equal(t, map[string]int{"info": 10, "warn": 10, "error": 10}, byLevel)

	var fields struct {
		Fields []struct {
			Name   string
			Values []struct {
				Value string
				Count int
			}
		}
	}
	got = c.postJSON(t, "/v1/query/logs/fields", window(map[string]any{"fields": []string{"level", "labels.path"}}))
	got.decode(t, &fields)
	require.Len(t, fields.Fields, 2, "%s", got)
	for _, field := range fields.Fields {
		for _, value := range field.Values {
			assert.Equal(t, map[string]int{"level": 10, "labels.path": 15}[field.Name], value.Count, field.Name)
		}
	}
}

// pagesOverTies reads page by page over records of one and the same nanosecond.
func pagesOverTies(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	at := time.Now().Add(-time.Minute)
	var items []map[string]any
	for i := range 53 {
		items = append(items, map[string]any{"time": at, "service": "bb-ties", "message": fmt.Sprintf("tie %d", i)})
	}
	writeLogs(t, c, items...)
	for _, limit := range []int{1, 10, 53, 100} {
		records := c.searchAll(t, map[string]any{"service": "bb-ties", "limit": limit})
		require.Len(t, records, 53, "limit %d", limit)
		seen := map[string]bool{}
		for i, record := range records {
			seen[record.ID] = true
			if i > 0 {
				assert.Negative(t, strings.Compare(record.ID, records[i-1].ID), "the order is (time, id), descending")
			}
		}
		assert.Len(t, seen, 53)
	}
	bad := c.postJSON(t, "/v1/query/logs", map[string]any{"cursor": "nonsense"})
	assert.Equal(t, http.StatusBadRequest, bad.status, "%s", bad)
}

func sentTwice(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	at := time.Now()
	for range 3 {
		body, header := compress(t, "gzip", protobuf.contentType, protobuf.metrics(t, otlpGauge("twice", "bb.twice", 5, at)))
		require.Equal(t, http.StatusOK, c.send(t, http.MethodPost, "/v1/metrics", body, header).status)
		body, header = compress(t, "gzip", protobuf.contentType, protobuf.logs(t, otlpLogs("twice", 5, at)))
		require.Equal(t, http.StatusOK, c.send(t, http.MethodPost, "/v1/logs", body, header).status)
		// Two lines that are alike in one request stay two.
		writeLogs(t, c, map[string]any{"time": at, "service": "twice-json", "message": "same"}, map[string]any{"time": at, "service": "twice-json", "message": "same"})
		// Lines without a time are events of their own, unless the client says that they are not.
		writeLogs(t, c, map[string]any{"service": "twice-untimed", "message": "same"})
		got := c.send(t, http.MethodPost, "/v1/ingest/logs", []byte(`{"service":"twice-key","message":"same"}`),
			map[string]string{"Content-Type": "application/json", "Idempotency-Key": "one"})
		require.Equal(t, http.StatusOK, got.status, "%s", got)
	}
	assert.InDelta(t, 5, c.number(t, `sum(count_over_time(bb_twice[5m]))`), 0)
	assert.Len(t, c.logsOf(t, "twice"), 5)
	assert.Len(t, c.logsOf(t, "twice-json"), 2)
	assert.Len(t, c.logsOf(t, "twice-untimed"), 3)
	assert.Len(t, c.logsOf(t, "twice-key"), 1)
}
