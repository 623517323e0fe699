package blackbox

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

func operations(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	type health struct {
		Status     string
		Version    string
		Components []struct{ Name, Kind, Status string }
	}
	var anonymous, known health
	got := c.with("").get(t, "/v1/health")
	require.Equal(t, http.StatusOK, got.status)
	got.decode(t, &anonymous)
	assert.Equal(t, health{Status: "ok"}, anonymous, "strangers learn the status alone")
	c.get(t, "/v1/health").decode(t, &known)
	assert.Equal(t, "ok", known.Status)
	assert.NotEmpty(t, known.Version)
	kinds := map[string]int{}
	for _, part := range known.Components {
		kinds[part.Kind]++
		assert.Equal(t, "ok", part.Status, part.Name)
	}
	wanted := []string{"store", "receiver", "exporter", "extension"}
	if len(s.Parts) == 0 {
		wanted = append(wanted, "processor") // of several processes the gateway has it
	}
	for _, kind := range wanted {
		assert.Positive(t, kinds[kind], "%s: %s", kind, got)
	}

	writeLogs(t, c, map[string]any{"service": "bb-operations", "message": "so that something was counted"})
	text := c.get(t, "/v1/metrics/platform")
	require.Equal(t, http.StatusOK, text.status)
	assert.Contains(t, string(text.body), "pharos_live_connections")
	ingested := newClient(s.Ops, "").get(t, "/metrics")
	assert.Contains(t, string(ingested.body), "pharos_ingest_accepted_items")
	structured := c.send(t, http.MethodGet, "/v1/metrics/platform", nil, map[string]string{"Accept": "application/json"})
	var families []struct{ Name string }
	structured.decode(t, &families)
	assert.NotEmpty(t, families)

	ops := newClient(s.Ops, "")
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		assert.Equal(t, http.StatusOK, ops.get(t, path).status, path)
	}
	page := c.with("").get(t, "/")
	assert.Equal(t, http.StatusOK, page.status, "the page itself is for anybody")
	assert.Contains(t, page.header.Get("Content-Type"), "text/html")
	missing := c.get(t, "/v1/nothing")
	assert.Equal(t, http.StatusNotFound, missing.status, "%s", missing)
	assert.Equal(t, "application/problem+json", missing.header.Get("Content-Type"))
	method := c.send(t, http.MethodDelete, "/v1/ingest/logs", nil, nil)
	assert.Equal(t, http.StatusMethodNotAllowed, method.status)
	assert.Contains(t, method.header.Get("Allow"), "POST")
}

// served are the routes that the OpenAPI document has to tell of.
var served = strings.Fields(`
	post:/v1/auth/login post:/v1/auth/refresh post:/v1/auth/logout
	post:/v1/auth/apikey get:/v1/auth/apikey delete:/v1/auth/apikey/{id}
	post:/v1/ingest/metrics post:/v1/ingest/logs post:/v1/metrics post:/v1/logs post:/v1/traces post:/api/v1/write
	post:/v1/query/range get:/v1/query/metrics get:/v1/query/series post:/v1/query/logs post:/v1/query/logs/histogram post:/v1/query/logs/fields
	get:/v1/query/logs/export get:/v1/services get:/v1/hosts delete:/v1/admin/data get:/v1/admin/retention get:/v1/admin/usage
	get:/api/v1/query post:/api/v1/query get:/api/v1/query_range get:/api/v1/series get:/api/v1/labels
	get:/api/v1/label/{name}/values get:/api/v1/metadata get:/api/v1/status/buildinfo get:/api/v1/query_exemplars
	get:/api/v1/rules get:/api/v1/alerts get:/api/v1/format_query
	get:/v1/ws get:/v1/stream get:/v1/health get:/v1/metrics/platform`)

func openAPI(t *testing.T, s *server.Server) {
	t.Helper()
	var document struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]any
	}
	got := clientOf(s).get(t, "/v1/openapi.json")
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	got.decode(t, &document)
	assert.True(t, strings.HasPrefix(document.OpenAPI, "3.1."), document.OpenAPI)
	for _, route := range served {
		method, path, _ := strings.Cut(route, ":")
		assert.Contains(t, document.Paths[path], method, route)
	}
}
