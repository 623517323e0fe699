package promapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testLoad = `
load 30s
  up{job="api",instance="a"} 1 0 1
  up{job="api",instance="b\"q"} 1 1 1
  odd 0.1 NaN Inf
  native {{schema:0 sum:5 count:4 buckets:[1 2 1]}}
`

type server struct {
	*httptest.Server
	metrics *querytest.Metrics
}

func newServer(t *testing.T, change func(*query.Config)) *server {
	t.Helper()
	s := &server{metrics: querytest.NewMetrics(t, testLoad)}
	s.metrics.Meta["up"] = []metadata.Metadata{{Type: model.MetricTypeGauge, Help: "Is it up?"}, {Type: model.MetricTypeUnknown}}
	config := query.DefaultConfig()
	if change != nil {
		change(&config)
	}
	engine, err := query.New(s.metrics, config, nil, zap.NewNop())
	require.NoError(t, err)
	api := New(engine, BuildInfo{Version: PrometheusVersion, GoVersion: "go1"}, zap.NewNop())
	api.now = func() time.Time { return time.Unix(30, 0) }
	mux := http.NewServeMux()
	for _, route := range api.Routes() {
		mux.Handle(route.Pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Anonymous") == "" {
				r = r.WithContext(auth.NewContext(r.Context(), auth.Principal{OrgID: querytest.Org}))
			}
			route.Handler.ServeHTTP(w, r)
		}))
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// ask sends GET for "/path?params", and POST with a form for "POST /path?params".
func (s *server) ask(t *testing.T, target string) (int, string) {
	t.Helper()
	path, isPost := strings.CutPrefix(target, "POST ")
	method, body := http.MethodGet, io.Reader(nil)
	if isPost {
		var form string
		path, form, _ = strings.Cut(path, "?")
		method, body = http.MethodPost, strings.NewReader(form)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/api/v1"+path, body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.Client().Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
	return response.StatusCode, string(text)
}

// The answers are compared as text: clients may depend on the order that Prometheus has.
func TestAnswers(t *testing.T) {
	s := newServer(t, nil)
	tests := []struct{ target, want string }{
		{"/query?query=sort_by_label(up,%22instance%22)", `{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"a","job":"api"},"value":[30,"0"]},{"metric":{"__name__":"up","instance":"b\"q","job":"api"},"value":[30,"1"]}]}`},
		{"POST /query?query=up{instance=%22a%22}&time=0.5", `{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"a","job":"api"},"value":[0.500,"1"]}]}`},
		{"/query?query=1.5e30&time=1970-01-01T00:00:01Z", `{"resultType":"scalar","result":[1,"1.5e+30"]}`},
		{"/query?query=%22text%22", `{"resultType":"string","result":[30,"text"]}`},
		{"/query?query=absent_metric", `{"resultType":"vector","result":[]}`},
		{"/query?query=native&time=0", `{"resultType":"vector","result":[{"metric":{"__name__":"native"},"histogram":[0,{"count":"4","sum":"5","buckets":[[0,"0.5","1","1"],[0,"1","2","2"],[0,"2","4","1"]]}]}]}`},
		{"/query_range?query=odd&start=0&end=60&step=30", `{"resultType":"matrix","result":[{"metric":{"__name__":"odd"},"values":[[0,"0.1"],[30,"NaN"],[60,"+Inf"]]}]}`},
		{"POST /query_range?query=up{instance=%22a%22}&start=0&end=60&step=30s&stats=all", `{"resultType":"matrix","result":[{"metric":{"__name__":"up","instance":"a","job":"api"},"values":[[0,"1"],[30,"0"],[60,"1"]]}]}`},
		{"/query_range?query=nothing&start=0&end=60&step=30s", `{"resultType":"matrix","result":[]}`},
		{"/query?query=odd[1m]&time=60", `{"resultType":"matrix","result":[{"metric":{"__name__":"odd"},"values":[[30,"NaN"],[60,"+Inf"]]}]}`},
		{"/series?match[]=up&match[]=odd&start=0&end=60", `[{"__name__":"odd"},{"__name__":"up","instance":"a","job":"api"},{"__name__":"up","instance":"b\"q","job":"api"}]`},
		{"POST /series?match[]=nothing", `[]`},
		{"/labels", `["__name__","instance","job"]`},
		{"POST /labels?match[]=odd&match[]=native", `["__name__"]`},
		{"/label/instance/values", `["a","b\"q"]`},
		{"/label/instance/values?match[]=odd", `[]`},
		{"/label/U__job/values?start=0&end=292277025-08-18T07:12:54.999999999Z", `["api"]`},
		{"/metadata", `{"up":[{"type":"gauge","unit":"","help":"Is it up?"},{"type":"unknown","unit":"","help":""}]}`},
		{"/metadata?metric=up&limit_per_metric=1&limit=1", `{"up":[{"type":"gauge","unit":"","help":"Is it up?"}]}`},
		{"/metadata?metric=nothing", `{}`},
		{"/format_query?query=sum(up)by(job)", `"sum by (job) (up)"`},
		{"/query_exemplars?query=up&start=0&end=60", `[]`},
		{"/query_exemplars?query=1", `[]`},
		{"/rules", `{"groups":[]}`},
		{"/alerts", `{"alerts":[]}`},
		{"/status/buildinfo", `{"version":"3.15.1","revision":"","branch":"","buildUser":"","buildDate":"","goVersion":"go1"}`},
		{"/status/tsdb", `{"headStats":{"numSeries":4,"numLabelPairs":0,"chunkCount":0,"minTime":0,"maxTime":0},"seriesCountByMetricName":[],"labelValueCountByLabelName":[],"memoryInBytesByLabelName":[],"seriesCountByLabelValuePair":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			status, body := s.ask(t, tt.target)
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, `{"status":"success","data":`+tt.want+`}`, body)
		})
	}
	assert.Zero(t, s.metrics.OpenCount(), "every request closes the metrics")
}

func TestWarnings(t *testing.T) {
	s := newServer(t, nil)
	for _, target := range []string{
		"/query?query=sort_by_label(up,%22instance%22)&limit=1", "/query_range?query=up&limit=1&start=0&end=1&step=1",
		"/series?match[]=up&limit=1", "/labels?limit=1", "/label/instance/values?limit=1",
	} {
		_, body := s.ask(t, target)
		assert.Contains(t, body, `,"warnings":["results truncated due to limit"]}`, target)
		assert.NotContains(t, body, `b\"q`, target)
	}
	_, body := s.ask(t, "/query?query=rate(up[2m])&time=60")
	assert.Contains(t, body, `,"infos":["PromQL info: metric might not be a counter`)
}

func TestErrors(t *testing.T) {
	s := newServer(t, func(c *query.Config) { c.MaxSamples, c.MaxSeries = 3, 1 })
	tests := []struct {
		target  string
		status  int
		kind    string
		message string
	}{
		{"/query?query=sum(", 400, "bad_data", `invalid parameter "query": 1:5: parse error: unclosed left parenthesis`},
		{"/query", 400, "bad_data", `invalid parameter "query"`},
		{"/query?query=up&time=noon", 400, "bad_data", `invalid parameter "time": cannot parse "noon" to a valid timestamp`},
		{"/query?query=up&time=NaN", 400, "bad_data", `invalid parameter "time"`},
		{"/query?query=up&timeout=x", 400, "bad_data", `invalid parameter "timeout": cannot parse "x" to a valid duration`},
		{"/query?query=up&lookback_delta=1e300", 400, "bad_data", `invalid parameter "lookback_delta"`},
		{"/query?query=up&limit=-1", 400, "bad_data", `invalid parameter "limit": limit must be non-negative`},
		{"/query?query=up&limit=x", 400, "bad_data", `invalid parameter "limit"`},
		{"/query_range?query=up&end=1&step=1", 400, "bad_data", `invalid parameter "start"`},
		{"/query_range?query=up&start=1&step=1", 400, "bad_data", `invalid parameter "end"`},
		{"/query_range?query=up&start=2&end=1&step=1", 400, "bad_data", `invalid parameter "end": end timestamp must not be before start time`},
		{"/query_range?query=up&start=1&end=2", 400, "bad_data", `invalid parameter "step"`},
		{"/query_range?query=up&start=1&end=2&step=0", 400, "bad_data", `invalid parameter "step": zero or negative query resolution`},
		{"/query_range?query=up&start=0&end=20000&step=1", 400, "bad_data", `the limit of 11000`},
		{"/query?query=up", 422, "execution", `2 series, more than the limit of 1 (max_series)`},
		{"/query?query=max_over_time(up[2h:1s])", 422, "execution", `too many samples into memory in query execution; the limit is 3 (max_samples) (ask for`},
		{"/series", 400, "bad_data", `no match[] parameter provided`},
		{"/series?match[]=%7B%7D", 400, "bad_data", `invalid parameter "match[]"`},
		{"/labels?match[]=(", 400, "bad_data", `invalid parameter "match[]"`},
		{"/labels?start=x", 400, "bad_data", `invalid parameter "start"`},
		{"/label/%FF/values", 400, "bad_data", `invalid label name`},
		{"/metadata?limit=x", 400, "bad_data", `invalid parameter "limit"`},
		{"/metadata?limit_per_metric=x", 400, "bad_data", `invalid parameter "limit_per_metric"`},
		{"/format_query?query=(", 400, "bad_data", `invalid parameter "query"`},
		{"/query_exemplars?query=(", 400, "bad_data", `invalid parameter "query"`},
		{"/query_exemplars?query=up&start=2&end=1", 400, "bad_data", `invalid parameter "end"`},
		{"/query?query=%zz", 400, "bad_data", `error parsing form values`},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			status, body := s.ask(t, tt.target)
			assert.Equal(t, tt.status, status, body)
			assert.True(t, strings.HasPrefix(body, `{"status":"error","errorType":"`+tt.kind+`","error":"`), body)
			assert.Contains(t, strings.ReplaceAll(body, `\"`, `"`), tt.message)
		})
	}
	assert.Zero(t, s.metrics.OpenCount(), "errors close the metrics too")
}

func TestTimeout(t *testing.T) {
	s := newServer(t, nil)
	status, body := s.ask(t, "/query_range?timeout=1e-9&query=up&start=0&end=60&step=1")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, body, `"errorType":"timeout"`)
}

func TestStoreErrors(t *testing.T) {
	s := newServer(t, nil)
	s.metrics.OpenErr = errcode.New(errcode.Unavailable, "the store is closing")
	status, body := s.ask(t, "/query?query=up")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, body, `"errorType":"unavailable","error":"the store is closing"`)
	s.metrics.OpenErr = errcode.New(errcode.Internal, "open /secret")
	status, body = s.ask(t, "/labels")
	assert.Equal(t, http.StatusInternalServerError, status)
	assert.NotContains(t, body, "secret")
}

func TestAnonymous(t *testing.T) {
	s := newServer(t, nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/query?query=up", nil)
	require.NoError(t, err)
	request.Header.Set("Anonymous", "1")
	response, err := s.Client().Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
	assert.Equal(t, "Bearer", response.Header.Get("WWW-Authenticate"))
}

func TestExemplars(t *testing.T) {
	s := newServer(t, nil)
	series := labels.FromStrings("__name__", "up", "instance", "a", "job", "api")
	appender := s.metrics.Storage.AppenderV2(t.Context())
	_, err := appender.Append(0, series, 0, 61_000, 1, nil, nil, promstorage.AOptions{
		Exemplars: []exemplar.Exemplar{{Labels: labels.FromStrings("trace_id", "t1"), Value: 2.5, Ts: 61_250, HasTs: true}},
	})
	require.NoError(t, err)
	require.NoError(t, appender.Commit())
	_, body := s.ask(t, "/query_exemplars?query="+url.QueryEscape(`sum(up{job="api"})`))
	assert.JSONEq(t, `{"status":"success","data":[{"seriesLabels":{"__name__":"up","instance":"a","job":"api"},`+
		`"exemplars":[{"labels":{"trace_id":"t1"},"value":"2.5","timestamp":61.250}]}]}`, body)
}
