package blackbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// storedDashboard is what is read of a document.
type storedDashboard struct {
	Metadata struct {
		Name    string `json:"name"`
		Version int    `json:"version"`
	} `json:"metadata"`
	Spec struct {
		Display struct {
			Name string `json:"name"`
		} `json:"display"`
		Tags   []string `json:"tags"`
		Panels map[string]struct {
			Spec struct {
				Display struct {
					Name string `json:"name"`
				} `json:"display"`
				Queries []struct {
					Kind string `json:"kind"`
					Spec struct {
						Plugin struct {
							Spec struct {
								Query string `json:"query"`
							} `json:"spec"`
						} `json:"plugin"`
					} `json:"spec"`
				} `json:"queries"`
			} `json:"spec"`
		} `json:"panels"`
	} `json:"spec"`
}

func shopDashboard(version int, tag string) []byte {
	return fmt.Appendf(nil, `{"kind":"Dashboard","metadata":{"name":"shop","version":%d},"spec":{"display":{"name":"Shop"},"tags":[%q],
		"panels":{"up":{"kind":"Panel","spec":{"display":{"name":"Up"},"plugin":{"kind":"StatChart","spec":{}},
			"queries":[{"kind":"TimeSeriesQuery","spec":{"plugin":{"kind":"PrometheusTimeSeriesQuery","spec":{"query":"up"}}}}]}}},
		"layouts":[{"kind":"Grid","spec":{"items":[{"x":0,"y":0,"width":6,"height":4,"content":{"$ref":"#/spec/panels/up"}}]}}]}}`, version, tag)
}

func getDashboard(t *testing.T, c client, path string) storedDashboard {
	t.Helper()
	got := c.get(t, path)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var d storedDashboard
	got.decode(t, &d)
	return d
}

// dashboards makes, changes, restores and deletes a dashboard, and kills the server right
// after what it has acknowledged.
func dashboards(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	const path = "/v1/dashboards/shop"
	got := c.send(t, http.MethodPost, "/v1/dashboards", shopDashboard(0, "one"), jsonHeader)
	require.Equal(t, http.StatusCreated, got.status, "%s", got)
	assert.Equal(t, http.StatusConflict, c.send(t, http.MethodPost, "/v1/dashboards", shopDashboard(0, "one"), jsonHeader).status, "the name is taken")
	s.Kill()
	s.Start()
	assert.Equal(t, 1, getDashboard(t, c, path).Metadata.Version)

	got = c.send(t, http.MethodPut, path+"?message=two", shopDashboard(1, "two"), jsonHeader)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	s.Kill()
	s.Start()
	assert.Equal(t, []string{"two"}, getDashboard(t, c, path).Spec.Tags)
	got = c.send(t, http.MethodPut, path, shopDashboard(1, "late"), jsonHeader)
	assert.Equal(t, http.StatusConflict, got.status, "%s", got)
	assert.Contains(t, got.String(), `"code":"conflict"`)

	assert.Equal(t, []string{"one"}, getDashboard(t, c, path+"/versions/1").Spec.Tags)
	assert.Contains(t, c.get(t, path+"/versions").String(), `"message":"two"`)
	got = c.send(t, http.MethodPost, path+"/versions/1/restore", nil, nil)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	restored := getDashboard(t, c, path)
	assert.Equal(t, 3, restored.Metadata.Version)
	assert.Equal(t, []string{"one"}, restored.Spec.Tags)

	broken := strings.Replace(string(shopDashboard(3, "x")), `"query":"up"`, `"query":"up{"`, 1)
	got = c.send(t, http.MethodPut, path, []byte(broken), jsonHeader)
	assert.Equal(t, http.StatusBadRequest, got.status, "%s", got)
	assert.Contains(t, got.String(), `"field":"spec.panels.up.spec.queries[0].spec.plugin.spec.query"`)
	got = c.send(t, http.MethodPut, "/v1/dashboards/pharos-host", shopDashboard(0, "x"), jsonHeader)
	assert.Equal(t, http.StatusForbidden, got.status, "%s", got)

	reader, _ := createKey(t, c, "reads dashboards", "query")
	assert.Equal(t, http.StatusOK, c.with(reader).get(t, path).status)
	assert.Equal(t, http.StatusForbidden, c.with(reader).send(t, http.MethodDelete, path, nil, nil).status)
	assert.Equal(t, http.StatusUnauthorized, c.with("").get(t, path).status)

	require.Equal(t, http.StatusNoContent, c.send(t, http.MethodDelete, path, nil, nil).status)
	assert.Equal(t, http.StatusNotFound, c.get(t, path).status)
	require.Equal(t, http.StatusOK, c.send(t, http.MethodPost, path+"/versions/3/restore", nil, nil).status, "it comes back")
	assert.Equal(t, http.StatusOK, c.get(t, path).status)
}

func importOfADashboard(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	content, err := os.ReadFile("../../backend/dashboards/grafana/testdata/new.json")
	require.NoError(t, err)
	var document any
	require.NoError(t, json.Unmarshal(content, &document))
	var result struct {
		Dashboard storedDashboard `json:"dashboard"`
		Report    []struct{ Panel, Status, Message string }
	}
	got := c.postJSON(t, "/v1/dashboards/import", map[string]any{"document": document, "dry_run": true})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	got.decode(t, &result)
	assert.Len(t, result.Dashboard.Spec.Panels, 7)
	assert.Len(t, result.Report, 16)
	assert.NotContains(t, c.get(t, "/v1/dashboards").String(), "Orders of the shop")

	got = c.postJSON(t, "/v1/dashboards/import", map[string]any{"document": document})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	got.decode(t, &result)
	assert.Equal(t, "Orders of the shop", getDashboard(t, c, "/v1/dashboards/"+result.Dashboard.Metadata.Name).Spec.Display.Name)
	got = c.postJSON(t, "/v1/dashboards/import", map[string]any{"document": map[string]any{"title": "x"}})
	assert.Equal(t, http.StatusBadRequest, got.status, "%s", got)
	assert.Contains(t, got.String(), "neither a dashboard of Perses nor one of Grafana")
}

// readyDashboards looks for every metric that the ready dashboards name, on a server that
// watches its own host and has taken something in.
func readyDashboards(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	writeLogs(t, c, map[string]any{"service": "ready", "message": "a line"})
	c.postJSON(t, "/v1/ingest/metrics", map[string]any{"service": "ready", "metric_name": "not a name", "value": 1}) // counted as rejected
	got := c.get(t, "/v1/dashboards")
	type dashboardEntry struct {
		ID      string
		Builtin bool
		Panels  int
	}
	var list struct{ Dashboards []dashboardEntry }
	got.decode(t, &list)
	ready := slices.DeleteFunc(list.Dashboards, func(one dashboardEntry) bool { return !one.Builtin })
	require.Len(t, ready, 3)
	wanted := make(map[string]string) // metric to the panel that names it
	for _, one := range ready {
		d := getDashboard(t, c, "/v1/dashboards/"+one.ID)
		require.Len(t, d.Spec.Panels, one.Panels, one.ID)
		for _, panel := range d.Spec.Panels {
			for _, query := range panel.Spec.Queries {
				if query.Kind != "TimeSeriesQuery" {
					continue
				}
				for _, metric := range metricsIn(t, query.Spec.Plugin.Spec.Query) {
					wanted[metric] = one.ID + ": " + panel.Spec.Display.Name
				}
			}
		}
	}
	require.Greater(t, len(wanted), 30)
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		var names struct{ Data []string }
		c.get(t, "/api/v1/label/__name__/values").decode(t, &names)
		for metric, panel := range wanted {
			assert.True(collect, slices.Contains(names.Data, metric), "%s, of %s", metric, panel)
		}
	}, 60*time.Second, time.Second)
}

// metricsIn returns the names of the metrics of a query with variables.
func metricsIn(t *testing.T, query string) []string {
	t.Helper()
	for _, name := range []string{"$__rate_interval", "$__interval", "$__range"} {
		query = strings.ReplaceAll(query, name, "5m")
	}
	expression, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(query)
	require.NoError(t, err, query)
	var names []string
	parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok && selector.Name != "" {
			names = append(names, selector.Name)
		}
		return nil
	})
	return names
}

func savedSearches(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	const path = "/v1/saved-searches"
	got := c.postJSON(t, path, map[string]any{"name": "Errors", "query": "level:error", "columns": []string{"service"}})
	require.Equal(t, http.StatusCreated, got.status, "%s", got)
	var made struct{ ID, Name, Query string }
	got.decode(t, &made)
	assert.Equal(t, http.StatusConflict, c.postJSON(t, path, map[string]any{"name": "Errors", "query": "x"}).status)
	got = c.postJSON(t, path, map[string]any{"name": "Broken", "query": "(level:error"})
	assert.Equal(t, http.StatusBadRequest, got.status, "%s", got)
	assert.Contains(t, got.String(), `"field":"query"`)
	s.Kill()
	s.Start()
	assert.Contains(t, c.get(t, path).String(), `"query":"level:error"`)
	got = c.send(t, http.MethodPut, path+"/"+made.ID, []byte(`{"name":"Errors","query":"level:fatal"}`), jsonHeader)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	assert.Contains(t, c.get(t, path).String(), `"query":"level:fatal"`)
	require.Equal(t, http.StatusNoContent, c.send(t, http.MethodDelete, path+"/"+made.ID, nil, nil).status)
	assert.NotContains(t, c.get(t, path).String(), "Errors")
}
