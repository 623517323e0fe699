package services

import (
	"context"
	"fmt"
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
	"github.com/pharos-obs/pharos/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newAPI(t *testing.T, load string) (*API, *querytest.Logs) {
	t.Helper()
	metrics, logs := querytest.NewMetrics(t, load), querytest.NewLogs()
	t.Cleanup(func() { assert.Zero(t, metrics.OpenCount()) })
	engine, err := query.New(metrics, query.DefaultConfig(), nil, zap.NewNop())
	require.NoError(t, err)
	api := New(engine, logs)
	api.now = func() time.Time { return time.Unix(3600, 0).UTC() }
	return api, logs
}

func known(ctx context.Context) context.Context {
	return auth.NewContext(ctx, auth.Principal{OrgID: querytest.Org})
}

func at(seconds int) *time.Time {
	t := time.Unix(int64(seconds), 0).UTC()
	return &t
}

func TestServicesOfMetricsAndLogs(t *testing.T) {
	api, logs := newAPI(t, `
load 60s
  requests_total{service="checkout",job="shop/checkout",instance="a"} 1x60
  requests_total{service="checkout",job="shop/checkout",instance="b"} 1x60
  latency{service="checkout",job="shop/checkout",instance="a"} 1x60
  up{job="node",instance="n1"} 1x10 stale
  lonely 1x60
`)
	for i := range 5 {
		logs.Add(storage.LogRecord{Time: time.Unix(int64(3000+i), 0).UTC(), ID: fmt.Sprint(i), Service: "checkout"})
	}
	logs.Add(storage.LogRecord{Time: time.Unix(3100, 0).UTC(), ID: "x", Service: "only-logs"})
	output, err := api.list(known(t.Context()), &listInput{})
	require.NoError(t, err)
	assert.Equal(t, []Service{
		{Name: "checkout", Instances: 2, Series: 3, Metrics: 2, Logs: 5, LastMetric: at(3600), LastLog: at(3004)},
		{Name: "node", Instances: 1, Series: 1, Metrics: 1, LastMetric: at(600)},
		{Name: "only-logs", Logs: 1, LastLog: at(3100)},
	}, output.Body.Services)

	output, err = api.list(known(t.Context()), &listInput{From: "50m", To: "now"})
	require.Error(t, err)
	assert.Empty(t, output)
	output, err = api.list(known(t.Context()), &listInput{From: "now-10m"})
	require.NoError(t, err)
	assert.Equal(t, []string{"checkout", "only-logs"}, names(output.Body.Services), "node has gone; its marker is no sample")
}

func names(services []Service) []string {
	out := make([]string, len(services))
	for i, service := range services {
		out[i] = service.Name
	}
	return out
}

func TestNobodyIsAnswered(t *testing.T) {
	api, _ := newAPI(t, "")
	_, err := api.list(t.Context(), &listInput{})
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
}
