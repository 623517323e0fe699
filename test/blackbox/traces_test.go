package blackbox

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/cluster"
	"github.com/pharos-obs/pharos/test/server"
)

// hop is a step on the way of data, after the one that it comes from.
type hop struct{ role, name, after string }

// wayOf is the way from a request to the stores, for one signal.
func wayOf(topic, request, store string) []hop {
	return []hop{
		{"gateway", request, ""},
		{"gateway", topic + " send", request},
		{"writer", topic + " process", topic + " send"},
		{"writer", store, topic + " process"},
		{"backend", topic + " process", topic + " send"},
		{"backend", store, topic + " process"},
	}
}

// testTraces asks for one trace from the request at the gateway, over Kafka, to the commits of
// the writer's and the backend's stores; and from the gateway to the backend for a query.
func testTraces(t *testing.T, servers *cluster.Servers) {
	t.Helper()
	traces := cluster.StartTraces(t)
	c := servers.New(t, cluster.PostgreSQL)
	c.Trace(traces)
	c.Gateway.Env = append(c.Gateway.Env, "PHAROS_TRUSTED_PROXIES=127.0.0.1") // so that this test chooses the traces
	c.Front.Start()
	c.Backend.ReadBootstrap()
	wholly(t, c.Backend)
	client := newClient(c.Gateway.HTTP, c.Backend.Bootstrap.APIKey)
	ask := func(trace, method, path string, body []byte) {
		header := map[string]string{"Content-Type": protobuf.contentType, "traceparent": "00-" + trace + "-00000000000000aa-01"}
		got := client.send(t, method, path, body, header)
		require.Equal(t, http.StatusOK, got.status, got)
	}
	const metrics, logs, query = "000000000000000000000000000000a1", "000000000000000000000000000000a2", "000000000000000000000000000000a3"
	ask(metrics, http.MethodPost, "/v1/metrics", protobuf.metrics(t, otlpGauge("traced", "bb.traced", 3, time.Now())))
	ask(logs, http.MethodPost, "/v1/logs", protobuf.logs(t, otlpLogs("traced", 3, time.Now())))
	ask(query, http.MethodGet, "/api/v1/query?query=bb_traced", nil)

	for trace, way := range map[string][]hop{
		metrics: wayOf(c.Topic("metrics"), "POST /v1/metrics", "write metrics"),
		logs:    wayOf(c.Topic("logs"), "POST /v1/logs", "write logs"),
		query:   {{"gateway", "GET (forwarded)", ""}, {"backend", "GET /api/v1/query", "GET (forwarded)"}},
	} {
		require.EventuallyWithT(t, func(t *assert.CollectT) {
			assert.ElementsMatch(t, way, hops(traces.Of(trace)))
		}, time.Minute, 200*time.Millisecond, "the roles send what they have each few seconds")
	}
}

// hops are the names of spans, each with that of the one that it is in or comes from.
func hops(spans []cluster.Span) []hop {
	names := make(map[string]string, len(spans))
	for i := range spans {
		names[spans[i].ID] = spans[i].Name
	}
	found := make([]hop, 0, len(spans))
	for i := range spans {
		found = append(found, hop{spans[i].Role, spans[i].Name, names[spans[i].Parent]})
	}
	return found
}

// wholly waits until everything that a process works with is there, also what it is ready without.
func wholly(t *testing.T, s *server.Server) {
	t.Helper()
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.Ops+"/readyz", nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.Contains(t, string(body), `"state":"ready"`)
	}, time.Minute, 100*time.Millisecond)
}
