package api

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
)

// benchHandler serves six hours of a gauge with a sample a second on each of the series.
func benchHandler(b *testing.B, series int) http.Handler {
	b.Helper()
	metrics := querytest.NewMetrics(b, "")
	for i := range series {
		appender := metrics.Storage.AppenderV2(b.Context())
		set := labels.FromStrings("__name__", "gauge", "instance", fmt.Sprintf("host-%d:9100", i), "job", "bench")
		for second := range int64(6 * 3600) {
			value := math.Sin(float64(second)/300)*float64(i+1) + float64(second%17)/7
			_, err := appender.Append(0, set, 0, second*1000, value, nil, nil, promstorage.AOptions{})
			require.NoError(b, err)
		}
		require.NoError(b, appender.Commit())
	}
	engine, err := query.New(metrics, query.DefaultConfig(), nil, zap.NewNop())
	require.NoError(b, err)
	api, err := New(Deps{
		Metrics: metrics, Logs: querytest.NewLogs(), Query: engine, Platform: prometheus.NewRegistry(), Logger: zap.NewNop(),
		Health: func(context.Context) []ComponentHealth { return nil },
	})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, api.Close()) })
	mux := http.NewServeMux()
	for _, route := range api.Routes() {
		mux.Handle(route.Pattern, route.Handler)
	}
	return mux
}

// BenchmarkChart asks for a chart of a thousand pixels over six hours: reduced on the server, by
// steps of a pixel, which miss the spikes between, and by the finest steps that query_range allows.
func BenchmarkChart(b *testing.B) {
	for _, series := range []int{10, 100} {
		handler := benchHandler(b, series)
		for _, way := range []struct{ name, method, target, body string }{
			{"range", http.MethodPost, "/v1/query/range", `{"query":"gauge","from":0.001,"to":21599,"points":1000,"limit":100}`},
			{"query_range/pixels", http.MethodGet, "/api/v1/query_range?query=gauge&start=0&end=21599&step=22", ""},
			{"query_range/finest", http.MethodGet, "/api/v1/query_range?query=gauge&start=0&end=21599&step=2", ""},
		} {
			b.Run(fmt.Sprintf("%s/series=%d", way.name, series), func(b *testing.B) {
				size, before := 0, cpuTime(b)
				for b.Loop() {
					request := httptest.NewRequestWithContext(auth.NewContext(b.Context(), auth.Principal{OrgID: querytest.Org}), way.method, way.target, strings.NewReader(way.body))
					request.Header.Set("Content-Type", "application/json")
					recorder := httptest.NewRecorder()
					handler.ServeHTTP(recorder, request)
					require.Equal(b, http.StatusOK, recorder.Code, recorder.Body)
					size = recorder.Body.Len()
				}
				b.ReportMetric(float64(size), "B/answer")
				b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// cpuTime is what the process has used, in nanoseconds: other work of the machine does not show.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}
