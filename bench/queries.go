package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// queryRepeats is how often each query is asked.
const queryRepeats = 50

// query is a question to measure.
type query struct {
	name   string
	path   string
	form   url.Values // of a GET
	body   string     // of a POST, when not empty
	expect string     // what the answer must contain
}

// runQueries seeds a server with a day of metrics and some logs, and asks it, one question at a time.
func runQueries(ctx context.Context, o *options) (r result, err error) {
	if o.peer.command != "" {
		return r, errors.New("peers are not queried")
	}
	s, err := startServer(ctx, o, apart)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.stop(), s.remove()) }()
	end, err := seed(ctx, s, o.senders)
	if err != nil {
		return r, err
	}
	for _, q := range queries(end) {
		latencies, err := ask(ctx, s, q)
		if err != nil {
			return r, fmt.Errorf("query %s: %w", q.name, err)
		}
		r.Queries = append(r.Queries, queryResult{
			Name: q.name, P50: milliseconds(percentile(latencies, 0.5)), P95: milliseconds(percentile(latencies, 0.95)),
		})
	}
	r.PeakBytes, err = memory(s.pid(), "VmHWM")
	return r, err
}

// seed sends 1,000 series from 23 hours ago up to now, and then log lines for a few seconds.
func seed(ctx context.Context, s *server, senders int) (end time.Time, err error) {
	templates, err := otlpMetricBodies(1, oneService)
	if err != nil {
		return end, err
	}
	begin := time.Now().Add(-loadBegin).Truncate(sampleSpacing)
	// One sender: two would send the steps out of order.
	d, err := drive(ctx, otlpMetricLoad(s, templates, begin), 1, 5*time.Minute)
	if err != nil {
		return end, fmt.Errorf("seed metrics: %w", err)
	}
	lines, err := otlpLogBodies()
	if err != nil {
		return end, err
	}
	if _, err := drive(ctx, otlpLogLoad(s, lines), senders, 3*time.Second); err != nil {
		return end, fmt.Errorf("seed logs: %w", err)
	}
	return begin.Add(time.Duration(d.requests-1) * sampleSpacing), nil
}

func queries(end time.Time) []query {
	unix := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	return []query{
		{
			name: "instant: sum by (host_name) over 1,000 series", path: "/api/v1/query", expect: `"host_name":"host-009"`,
			form: url.Values{"query": {`sum by (host_name) ({job="bench",__name__=~"bench_metric_.*"})`}, "time": {unix(end)}},
		},
		{
			name: "range: sum by (host_name) (rate([1m])) of 500 series, 15 min at 15 s", path: "/api/v1/query_range", expect: `"host_name":"host-009"`,
			form: url.Values{
				"query": {`sum by (host_name) (rate({job="bench",__name__=~"bench_metric_.*_total"}[1m]))`},
				"start": {unix(end.Add(-15 * time.Minute))}, "end": {unix(end)}, "step": {"15"},
			},
		},
		{
			name: "range: avg by (host_name) of 1,000 series, 23 h at 5 min", path: "/api/v1/query_range", expect: `"host_name":"host-009"`,
			form: url.Values{
				"query": {`avg by (host_name) ({job="bench",__name__=~"bench_metric_.*"})`},
				"start": {unix(end.Add(-loadBegin))}, "end": {unix(end)}, "step": {"300"},
			},
		},
		{
			name: "logs: newest 100 with a word and a level", path: "/v1/query/logs", expect: "timeout",
			body: `{"query": "timeout level:error", "from": "now-15m", "limit": 100}`,
		},
	}
}

func ask(ctx context.Context, s *server, q query) ([]time.Duration, error) {
	latencies := make([]time.Duration, 0, queryRepeats)
	for range queryRepeats {
		request, err := q.request(ctx, s.base)
		if err != nil {
			return nil, err
		}
		begun := time.Now()
		status, body, err := send(request, s.key)
		if err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(begun))
		if status != http.StatusOK || !json.Valid(body) || !strings.Contains(string(body), q.expect) {
			return nil, fmt.Errorf("status %d, want 200 with %s: %.300q", status, q.expect, body)
		}
	}
	slices.Sort(latencies)
	return latencies, nil
}

func (q *query) request(ctx context.Context, base string) (*http.Request, error) {
	if q.body == "" {
		return http.NewRequestWithContext(ctx, http.MethodGet, base+q.path+"?"+q.form.Encode(), nil)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+q.path, strings.NewReader(q.body))
	if err == nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, err
}
