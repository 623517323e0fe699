package blackbox

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// prometheusClient asks with Prometheus' own client, as promtool does.
func prometheusClient(t *testing.T, s *server.Server) {
	t.Helper()
	at := time.Now().Truncate(10 * time.Second)
	writeSeries(t, clientOf(s), "bb_client", "client", at)
	settled(t, s)
	conn, err := api.NewClient(api.Config{Address: "http://" + s.HTTP, RoundTripper: withKey{s.Bootstrap.APIKey}})
	require.NoError(t, err)
	client := promv1.NewAPI(conn)
	ctx := t.Context()

	vector, warnings, err := client.Query(ctx, "bb_client", at.Add(-10*time.Second))
	require.NoError(t, err)
	assert.Empty(t, warnings)
	require.IsType(t, model.Vector{}, vector)
	require.Len(t, vector, 1)
	assert.InDelta(t, 5, float64(vector.(model.Vector)[0].Value), 0)
	matrix, _, err := client.QueryRange(ctx, "bb_client", promv1.Range{Start: at.Add(-time.Minute), End: at.Add(-10 * time.Second), Step: 10 * time.Second})
	require.NoError(t, err)
	require.Len(t, matrix, 1)
	assert.Len(t, matrix.(model.Matrix)[0].Values, 6)
	scalar, _, err := client.Query(ctx, "1 + 1", at)
	require.NoError(t, err)
	assert.InDelta(t, 2, float64(scalar.(*model.Scalar).Value), 0)

	selector := []string{"bb_client"}
	names, _, err := client.LabelNames(ctx, selector, at.Add(-time.Hour), at)
	require.NoError(t, err)
	assert.Equal(t, model.LabelNames{"__name__", "job"}, names)
	values, _, err := client.LabelValues(ctx, "job", selector, at.Add(-time.Hour), at)
	require.NoError(t, err)
	assert.Equal(t, model.LabelValues{"client"}, values)
	sets, _, err := client.Series(ctx, selector, at.Add(-time.Hour), at)
	require.NoError(t, err)
	assert.Equal(t, []model.LabelSet{{"__name__": "bb_client", "job": "client"}}, sets)

	_, err = client.QueryExemplars(ctx, "bb_client", at.Add(-time.Hour), at)
	require.NoError(t, err)
	_, err = client.Metadata(ctx, "", "10")
	require.NoError(t, err)
	_, err = client.Rules(ctx, nil)
	require.NoError(t, err)
	_, err = client.Alerts(ctx)
	require.NoError(t, err)
	_, err = client.Runtimeinfo(ctx)
	require.NoError(t, err)
	built, err := client.Buildinfo(ctx)
	require.NoError(t, err)
	assert.NotEmpty(t, built.Version)

	_, _, err = client.Query(ctx, "sum(", at)
	var failed *promv1.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, promv1.ErrBadData, failed.Type)
}

// withKey sends a key with every request.
type withKey struct{ key string }

// RoundTrip implements http.RoundTripper.
func (w withKey) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("X-API-Key", w.key)
	return http.DefaultTransport.RoundTrip(request)
}
