package ingestreceiver

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/backend/frontdoor"
)

// TestPrometheusClient sends by Prometheus' own client, which reads the headers of version 2 and
// tries again as Prometheus does.
func TestPrometheusClient(t *testing.T) {
	bed := start(t)
	server := httptest.NewServer(bed.mux[frontdoor.HTTP])
	defer server.Close()
	client, err := remote.NewAPI(server.URL, remote.WithAPIHTTPClient(server.Client()), remote.WithAPIPath("api/v1/write"))
	require.NoError(t, err)

	fail := failOnce()
	bed.onMetrics = func(context.Context, pmetric.Metrics) error { return fail() }
	_, err = client.Write(t.Context(), remote.WriteV1MessageType, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{seriesV1(1, "__name__", "up")}})
	require.NoError(t, err, "the first attempt was answered with 503")
	require.Len(t, bed.metrics, 1)

	table := &symbols{table: []string{""}}
	request := &writev2.Request{Timeseries: []writev2.TimeSeries{
		{LabelsRefs: table.refs("__name__", "up"), Samples: []writev2.Sample{{Timestamp: at}}},
		{LabelsRefs: table.refs("__name__", "sizes"), Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, at, testHistogram())}},
	}}
	request.Symbols = table.table
	stats, err := client.Write(t.Context(), remote.WriteV2MessageType, request)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 1, 0}, []int{stats.Samples, stats.Histograms, stats.Exemplars})

	request.Timeseries[0].LabelsRefs = table.refs("job", "nameless")
	request.Symbols = table.table
	stats, err = client.Write(t.Context(), remote.WriteV2MessageType, request)
	require.ErrorContains(t, err, "400 Bad Request: 1 refused, the rest was stored: a series has no __name__")
	assert.Equal(t, []int{0, 1, 0}, []int{stats.Samples, stats.Histograms, stats.Exemplars})
}
