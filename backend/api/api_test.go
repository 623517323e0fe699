package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
	"github.com/pharos-obs/pharos/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testLoad has ten minutes of samples from the Unix epoch on.
const testLoad = `
load 60s
  cpu{service="checkout",job="shop/checkout",instance="a"} 1+0x10
  cpu{service="checkout",job="shop/checkout",instance="b"} 3+0x10
  cpu{job="cart",instance="c"} 5+0x10
  requests_total{job="cart"} 0+60x10
  odd{kind="nan"} NaN NaN
  odd{kind="inf"} Inf Inf
  latency_seconds_bucket{le="+Inf"} 1 1
`

type server struct {
	*httptest.Server
	metrics *querytest.Metrics
	logs    *querytest.Logs
	logged  *observer.ObservedLogs
	api     *API
	health  []ComponentHealth
}

// newServer serves the API; a request without the header Anonymous is an administrator's.
func newServer(t *testing.T) *server {
	t.Helper()
	core, logged := observer.New(zapcore.DebugLevel)
	s := &server{metrics: querytest.NewMetrics(t, testLoad), logs: querytest.NewLogs(), logged: logged}
	s.metrics.Meta["cpu"] = []metadata.Metadata{{Type: model.MetricTypeGauge, Unit: "cores", Help: "CPU in use."}}
	s.metrics.Meta["latency_seconds"] = []metadata.Metadata{{Type: model.MetricTypeHistogram}}
	engine, err := query.New(s.metrics, query.DefaultConfig(), nil, zap.NewNop())
	require.NoError(t, err)
	registry := prometheus.NewRegistry()
	s.api, err = New(Deps{
		Ports: map[string]int{"otlp_grpc": 4317}, CASHA256: "0a1b",
		Metrics: s.metrics, Logs: s.logs, Query: engine,
		Health:   func(context.Context) []ComponentHealth { return s.health },
		Platform: registry, Registerer: registry,
		Version: Version{Version: "1.2.3"}, Logger: zap.New(core),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.api.Close()) })

	mux := http.NewServeMux()
	for _, route := range s.api.Routes() {
		mux.Handle(route.Pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Anonymous") == "" {
				r = r.WithContext(auth.NewContext(r.Context(), auth.Principal{OrgID: querytest.Org, Scopes: []auth.Scope{auth.ScopeAdmin}}))
			}
			route.Handler.ServeHTTP(w, r)
		}))
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *server) do(t *testing.T, method, target, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+target, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := s.Client().Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(text)
}

func (s *server) get(t *testing.T, target string) (int, string) {
	t.Helper()
	status, _, body := s.do(t, http.MethodGet, target, "")
	return status, body
}

func TestQueryMetrics(t *testing.T) {
	s := newServer(t)
	tests := []struct{ name, params, want string }{
		{
			"every series", "metric=cpu&service=checkout&instance_id=a&from=60&to=180&step=60",
			`{"series":[{"labels":{"__name__":"cpu","instance":"a","job":"shop/checkout","service":"checkout"},"points":[[60000,1],[120000,1],[180000,1]]}],"resolution":"1m"}`,
		},
		{"average", "metric=cpu&service=checkout&agg=avg&from=60&to=120&step=60s", `{"series":[{"labels":{},"points":[[60000,2],[120000,2]]}],"resolution":"1m"}`},
		{"service is job", "metric=cpu&service=cart&agg=sum&from=60&to=120&step=60s", `{"series":[{"labels":{},"points":[[60000,5],[120000,5]]}],"resolution":"1m"}`},
		{"by labels", "metric=cpu&agg=max&by=service&from=60&to=60.5&step=60s", `{"series":[{"labels":{},"points":[[60000,5]]},{"labels":{"service":"checkout"},"points":[[60000,3]]}],"resolution":"1m"}`},
		{"rate", "metric=requests_total&agg=rate&from=300&to=360&step=60s", `{"series":[{"labels":{"job":"cart"},"points":[[300000,1],[360000,1]]}],"resolution":"1m"}`},
		{"long steps average", "metric=cpu&service=cart&agg=avg&from=240&to=480&step=2m", `{"series":[{"labels":{},"points":[[240000,5],[360000,5],[480000,5]]}],"resolution":"2m"}`},
		{"not a number", "metric=odd&from=0&to=1&step=60s", `{"series":[{"labels":{"__name__":"odd","kind":"inf"},"points":[[0,"+Inf"]]},{"labels":{"__name__":"odd","kind":"nan"},"points":[[0,"NaN"]]}],"resolution":"1m"}`},
		{"nothing", "metric=absent&from=0&to=60&step=60s", `{"series":[],"resolution":"1m"}`},
		{"step of our choice", "metric=absent&from=0&to=3600", `{"series":[],"resolution":"15s"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := s.get(t, "/v1/query/metrics?"+tt.params)
			assert.Equal(t, http.StatusOK, status, body)
			assert.JSONEq(t, tt.want, body)
		})
	}
	assert.Zero(t, s.metrics.OpenCount(), "every request closes the metrics")
}

func TestErrorsAreProblems(t *testing.T) {
	s := newServer(t)
	tests := []struct {
		name, method, target, body string
		status                     int
		code, field                string
	}{
		{"no metric", "GET", "/v1/query/metrics", "", 400, "invalid", "metric"},
		{"unknown parameter", "GET", "/v1/query/metrics?metric=cpu&stpe=1", "", 400, "invalid", "stpe"},
		{"unknown aggregation", "GET", "/v1/query/metrics?metric=cpu&agg=median", "", 400, "invalid", "agg"},
		{"by without aggregation", "GET", "/v1/query/metrics?metric=cpu&by=job", "", 400, "invalid", "by"},
		{"empty label in by", "GET", "/v1/query/metrics?metric=cpu&agg=sum&by=a,,b", "", 400, "invalid", "by"},
		{"time without zone", "GET", "/v1/query/metrics?metric=cpu&from=2026-01-02T03:04:05", "", 400, "invalid", "from"},
		{"bad end", "GET", "/v1/query/metrics?metric=cpu&to=tomorrow", "", 400, "invalid", "to"},
		{"backwards", "GET", "/v1/query/metrics?metric=cpu&from=20&to=10", "", 400, "invalid", "to"},
		{"bad step", "GET", "/v1/query/metrics?metric=cpu&step=often", "", 400, "invalid", "step"},
		{"short step", "GET", "/v1/query/metrics?metric=cpu&step=10ms", "", 400, "invalid", "step"},
		{"too many points", "GET", "/v1/query/metrics?metric=cpu&from=now-7d&step=1s", "", 400, "invalid", "step"},
		{"bad selector", "GET", "/v1/query/series?match[]=%7B", "", 400, "invalid", "match[]"},
		{"selector of all", "GET", "/v1/query/series?match[]=%7Ba!=%22b%22%7D", "", 400, "invalid", "match[]"},
		{"bad limit", "GET", "/v1/query/series?limit=0", "", 400, "invalid", "limit"},
		{"bad cursor", "GET", "/v1/query/series?cursor=xx", "", 400, "invalid", "cursor"},
		{"no JSON", "POST", "/v1/query/logs", "{", 400, "invalid", "body"},
		{"unknown field", "POST", "/v1/query/logs", `{"querry":"x"}`, 400, "invalid", "querry"},
		{"wrong type", "POST", "/v1/query/logs", `{"limit":"many"}`, 400, "invalid", "limit"},
		{"bad filter", "POST", "/v1/query/logs", `{"query":"level:("}`, 400, "invalid", "query"},
		{"limit over maximum", "POST", "/v1/query/logs", `{"limit":10001}`, 400, "invalid", "limit"},
		{"negative limit", "POST", "/v1/query/logs", `{"limit":-1}`, 400, "invalid", "limit"},
		{"empty level", "POST", "/v1/query/logs", `{"level":"warn,"}`, 400, "invalid", "level"},
		{"empty label", "POST", "/v1/query/logs", `{"labels":{"":"x"}}`, 400, "invalid", "labels"},
		{"log time without zone", "POST", "/v1/query/logs", `{"from":"2026-01-02 03:04:05"}`, 400, "invalid", "from"},
		{"too many buckets", "POST", "/v1/query/logs/histogram", `{"from":"now-30d","step":"1s"}`, 400, "invalid", "step"},
		{"short bucket", "POST", "/v1/query/logs/histogram", `{"step":0}`, 400, "invalid", "step"},
		{"bad order", "POST", "/v1/query/logs", `{"order":"up"}`, 400, "invalid", "order"},
		{"no buckets", "POST", "/v1/query/logs/histogram", `{"buckets":0.5}`, 400, "invalid", "buckets"},
		{"bad format", "GET", "/v1/query/logs/export?format=pdf", "", 400, "invalid", "format"},
		{"download too large", "GET", "/v1/query/logs/export?limit=1000001", "", 400, "invalid", "limit"},
		{"empty field name", "GET", "/v1/query/logs/export?fields=a,,b", "", 400, "invalid", "fields"},
		{"bad filter of a download", "GET", "/v1/query/logs/export?query=(a", "", 400, "invalid", "query"},
		{"too many values", "POST", "/v1/query/logs/fields", `{"limit":1001}`, 400, "invalid", "limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, header, body := s.do(t, tt.method, tt.target, tt.body, "Content-Type", "application/json")
			assert.Equal(t, tt.status, status, body)
			assert.Equal(t, problem.ContentType, header.Get("Content-Type"))
			var doc problem.Document
			require.NoError(t, json.Unmarshal([]byte(body), &doc), body)
			assert.Equal(t, tt.code, doc.Code, body)
			assert.Equal(t, tt.field, doc.Field, body)
			assert.NotEmpty(t, doc.Detail)
			assert.NotEmpty(t, doc.Fix, body)
		})
	}
}

func TestStoreErrors(t *testing.T) {
	s := newServer(t)
	s.metrics.OpenErr = &errcode.Error{Code: errcode.Unavailable, Message: "the store is closing", RetryAfter: 7 * time.Second}
	status, header, body := s.do(t, "GET", "/v1/query/metrics?metric=cpu", "")
	assert.Equal(t, http.StatusServiceUnavailable, status, body)
	assert.Equal(t, "7", header.Get("Retry-After"))

	s.logged.TakeAll()
	s.metrics.OpenErr = errors.New("open /secret/path: no such file")
	status, body = s.get(t, "/v1/query/metrics?metric=cpu")
	assert.Equal(t, http.StatusInternalServerError, status)
	assert.NotContains(t, body, "secret")
	entries := s.logged.FilterLevelExact(zapcore.ErrorLevel).All()
	require.Len(t, entries, 1, "logged once")
	assert.Contains(t, entries[0].ContextMap()["error"], "/secret/path")
}

func TestSeriesPages(t *testing.T) {
	s := newServer(t)
	var metrics []string
	cursor := ""
	for range 10 {
		status, body := s.get(t, "/v1/query/series?limit=2&cursor="+url.QueryEscape(cursor))
		require.Equal(t, http.StatusOK, status, body)
		var page struct {
			Series []seriesInfo `json:"series"`
			Next   string       `json:"next"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &page))
		for _, series := range page.Series {
			metrics = append(metrics, series.Metric+series.Labels["instance"]+" "+series.Type)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	assert.Equal(t, []string{"cpua gauge", "cpub gauge", "cpuc gauge", "latency_seconds_bucket histogram", "odd ", "odd ", "requests_total "}, metrics)

	_, body := s.get(t, "/v1/query/series?service=checkout&metric=cpu&limit=1")
	assert.Contains(t, body, `"unit":"cores","help":"CPU in use."`)
	_, body = s.get(t, "/v1/query/series?match[]=requests_total&match[]=odd%7Bkind=%22nan%22%7D")
	assert.Equal(t, 2, strings.Count(body, `"metric"`), body)
}

type seriesInfo struct {
	Metric string            `json:"metric"`
	Labels map[string]string `json:"labels"`
	Type   string            `json:"type"`
}

func TestQueryLogs(t *testing.T) {
	s := newServer(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, level := range []string{"info", "error", "warn", "error"} {
		s.logs.Add(storage.LogRecord{
			Time: at.Add(time.Duration(i) * time.Minute), ID: string(rune('a' + i)), Service: "checkout", Level: level,
			Message: "connection refused", Labels: map[string]string{"zone": string(rune('w' + i))},
		})
	}
	search := func(path, body string) string {
		status, _, text := s.do(t, "POST", path, body, "Content-Type", "application/json")
		require.Equal(t, http.StatusOK, status, text)
		return text
	}
	const span = `"from":"2026-01-02T03:00:00Z","to":1767326400000`
	first := search("/v1/query/logs", `{"query":"refused","service":"checkout","level":"error,warn","limit":2,`+span+`}`)
	assert.JSONEq(t, `{"next":"2","logs":[
		{"time":"2026-01-02T03:07:05Z","id":"d","service":"checkout","level":"error","message":"connection refused","labels":{"zone":"z"}},
		{"time":"2026-01-02T03:06:05Z","id":"c","service":"checkout","level":"warn","message":"connection refused","labels":{"zone":"y"}}]}`, first)
	second := search("/v1/query/logs", `{"query":"refused","service":"checkout","level":"error,warn","limit":2,"cursor":"2",`+span+`}`)
	assert.Contains(t, second, `"id":"b"`)
	assert.NotContains(t, second, `"next"`)
	oldest := search("/v1/query/logs", `{"order":"asc","limit":1,`+span+`}`)
	assert.Contains(t, oldest, `"id":"a"`)
	assert.JSONEq(t, `{"logs":[]}`, search("/v1/query/logs", `{"labels":{"zone":"nowhere"},`+span+`}`))

	assert.JSONEq(t, `{"step":"1h0m0s","step_seconds":3600,"from":"2026-01-02T03:00:00Z","to":"2026-01-02T04:00:00Z","total":4,"buckets":[
		{"time":"2026-01-02T03:00:00Z","count":1,"by":"info"},{"time":"2026-01-02T03:00:00Z","count":2,"by":"error"},{"time":"2026-01-02T03:00:00Z","count":1,"by":"warn"}]}`,
		search("/v1/query/logs/histogram", `{"step":"1h","by":"level",`+span+`}`))
	assert.JSONEq(t, `{"fields":[{"name":"level","values":[{"value":"error","count":2},{"value":"warn","count":1},{"value":"info","count":1}],"total":3,"records":4}]}`,
		search("/v1/query/logs/fields", `{"fields":["level"],`+span+`}`))
}

func TestHealth(t *testing.T) {
	s := newServer(t)
	s.health = []ComponentHealth{{Name: "logs", Status: StatusOK}, {Name: "metrics", Status: StatusDegraded, Message: "the disk is full"}}
	status, _, body := s.do(t, "GET", "/v1/health", "", "Anonymous", "1")
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"status":"degraded"}`, body)
	_, body = s.get(t, "/v1/health")
	assert.JSONEq(t, `{"status":"degraded","version":"1.2.3","ports":{"otlp_grpc":4317},"ca_sha256":"0a1b","components":[
		{"name":"logs","status":"ok"},{"name":"metrics","status":"degraded","message":"the disk is full"}]}`, body)
	s.health = []ComponentHealth{{Name: "filelog", Kind: "receiver", Status: StatusDown, Message: "no such folder"}}
	status, _, body = s.do(t, "GET", "/v1/health", "", "Anonymous", "1")
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"status":"degraded"}`, body, "the stores are there")
	s.health = append(s.health, ComponentHealth{Name: "auth", Kind: "store", Status: StatusDown})
	status, _ = s.get(t, "/v1/health")
	assert.Equal(t, http.StatusServiceUnavailable, status)
}

func TestPlatformMetrics(t *testing.T) {
	s := newServer(t)
	status, header, body := s.do(t, "GET", "/v1/metrics/platform", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, header.Get("Content-Type"), "text/plain")
	assert.Contains(t, body, "# TYPE pharos_live_connections gauge\npharos_live_connections 0\n")
	_, header, body = s.do(t, "GET", "/v1/metrics/platform", "", "Accept", "application/json")
	assert.Equal(t, "application/json", header.Get("Content-Type"))
	assert.Contains(t, body, `{"name":"pharos_live_connections","help":"Clients connected to /v1/ws and /v1/stream.","type":"gauge","metrics":[{"value":0}]}`)
}

func TestUsage(t *testing.T) {
	s := newServer(t)
	status, body := s.get(t, "/v1/admin/usage")
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"metrics":{"active_series":7,"samples":0,"bytes":0},"logs":{"records":0,"bytes":0}}`, body)
}

func TestRoutesAndDocumentAgree(t *testing.T) {
	s := newServer(t)
	scopes := map[string]auth.Scope{}
	for _, route := range s.api.Routes() {
		assert.NotContains(t, scopes, route.Pattern)
		assert.NotNil(t, route.Handler)
		scopes[route.Pattern] = route.Scope
	}
	assert.Equal(t, auth.Scope(""), scopes["GET /v1/health"])
	assert.Equal(t, auth.ScopeAdmin, scopes["GET /v1/metrics/platform"])
	assert.Equal(t, auth.ScopeQuery, scopes["GET /api/v1/query_range"])
	assert.Equal(t, auth.ScopeQuery, scopes["GET /v1/ws"])

	_, body := s.get(t, "/v1/openapi.json")
	var document struct {
		OpenAPI string                               `json:"openapi"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &document))
	assert.Equal(t, "3.1.0", document.OpenAPI)
	ids := map[any]bool{}
	for _, pattern := range []string{
		"POST /v1/ingest/metrics", "POST /v1/ingest/logs", "POST /v1/metrics", "POST /v1/logs", "POST /v1/traces", "POST /api/v1/write",
	} {
		assert.NotContains(t, scopes, pattern, "the ingest receiver serves it")
		scopes[pattern] = auth.ScopeIngest
	}
	described := 1 // the document itself is not in it
	for path, item := range document.Paths {
		for method, operation := range item {
			described++
			pattern := strings.ToUpper(method) + " " + path
			assert.Contains(t, scopes, pattern)
			assert.Equal(t, scopes[pattern] == "", operation["security"] == nil, pattern)
			assert.False(t, ids[operation["operationId"]], operation["operationId"])
			ids[operation["operationId"]] = true
		}
	}
	assert.Len(t, scopes, described)
}

func TestDepsAreChecked(t *testing.T) {
	_, err := New(Deps{})
	assert.ErrorContains(t, err, "is missing")
}
