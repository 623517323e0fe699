package promapi

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
)

// BenchmarkEncodeMatrix encodes a day of a thousand series with a point a minute.
func BenchmarkEncodeMatrix(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	matrix := make(promql.Matrix, 1000)
	for i := range matrix {
		matrix[i].Metric = labels.FromStrings("__name__", "system_cpu_utilization_ratio", "instance", fmt.Sprintf("host-%d:9100", i), "job", "hosts")
		for j := range 1440 {
			matrix[i].Floats = append(matrix[i].Floats, promql.FPoint{T: 1_767_323_045_000 + int64(j)*60_000, F: random.Float64()})
		}
	}
	answer := response{data: queryData{matrix}}
	buffer := []byte(nil)
	for b.Loop() {
		buffer = answer.appendJSON(buffer[:0])
	}
	b.SetBytes(int64(len(buffer)))
}

// BenchmarkQueryRange asks over HTTP handlers for an hour of `avg by (job)` over a thousand
// series with a sample each ten seconds, at a point a minute, and for the last minute alone.
func BenchmarkQueryRange(b *testing.B) {
	metrics := querytest.NewMetrics(b, "")
	appender := metrics.Storage.AppenderV2(b.Context())
	for i := range 1000 {
		series := labels.FromStrings("__name__", "cpu", "instance", fmt.Sprint(i), "job", fmt.Sprint(i%10))
		for at := range int64(360) {
			_, err := appender.Append(0, series, 0, at*10_000, float64(at)+float64(i)/7, nil, nil, promstorage.AOptions{})
			require.NoError(b, err)
		}
	}
	require.NoError(b, appender.Commit())
	engine, err := query.New(metrics, query.DefaultConfig(), nil, zap.NewNop())
	require.NoError(b, err)
	handler := New(engine, BuildInfo{}, zap.NewNop())
	for name, params := range map[string]string{
		"hour":       "query=avg+by+(job)(cpu)&start=0&end=3590&step=60",
		"minute":     "query=avg+by+(job)(cpu)&start=3530&end=3590&step=10",
		"minute-all": "query=cpu&start=3530&end=3590&step=10",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				request := httptest.NewRequestWithContext(auth.NewContext(b.Context(), auth.Principal{OrgID: querytest.Org}), http.MethodGet, "/api/v1/query_range?"+params, nil)
				recorder := httptest.NewRecorder()
				start := time.Now()
				handler.handler(handler.queryRange).ServeHTTP(recorder, request)
				require.Equal(b, http.StatusOK, recorder.Code, time.Since(start))
			}
		})
	}
}
