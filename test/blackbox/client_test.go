package blackbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/test/server"
)

// client speaks HTTP with one address, with one credential.
type client struct {
	base string
	key  string
	http *http.Client
	// settle waits, before data is read, until what was acknowledged can be read; nil where it
	// can be at once.
	settle func(ctx context.Context, signals ...string) error
}

func newClient(address, key string) client {
	return client{"http://" + address, key, &http.Client{Timeout: time.Minute}, nil}
}

func clientOf(s *server.Server) client {
	c := newClient(s.HTTP, s.Bootstrap.APIKey)
	c.settle = s.Settle
	return c
}

// settleTimeout is how long acknowledged data may take to its stores on a busy machine.
const settleTimeout = time.Minute

// settled waits until everything acknowledged so far can be read.
func settled(t *testing.T, s *server.Server) {
	t.Helper()
	if s.Settle == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), settleTimeout)
	defer cancel()
	require.NoError(t, s.Settle(ctx))
}

// reads returns the signals of the ingested data that a path answers with.
func reads(path string) []string {
	switch {
	case path == "/api/v1/write":
		return nil
	case strings.HasPrefix(path, "/v1/query/logs"):
		return []string{"logs"}
	case strings.HasPrefix(path, "/api/v1/"), strings.HasPrefix(path, "/v1/query/"), strings.HasPrefix(path, "/v1/hosts"):
		return []string{"metrics"}
	case strings.HasPrefix(path, "/v1/services"), path == "/v1/admin/data":
		return []string{"metrics", "logs"}
	}
	return nil
}

func (c client) with(key string) client {
	c.key = key
	return c
}

// answer is a whole HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string {
	return fmt.Sprintf("%d %s", a.status, a.body[:min(len(a.body), 1000)])
}

// decode reads an answer in JSON.
func (a answer) decode(t *testing.T, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, into), "%s", a)
}

// try sends a request whose failure is no failure of the test.
func (c client) try(ctx context.Context, method, path string, body io.Reader, header map[string]string) (answer, error) {
	if signals := reads(path); c.settle != nil && len(signals) > 0 {
		waiting, cancel := context.WithTimeout(ctx, settleTimeout)
		defer cancel()
		if err := c.settle(waiting, signals...); err != nil {
			return answer{}, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return answer{}, err
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, content}, err
}

func (c client) send(t *testing.T, method, path string, body []byte, header map[string]string) answer {
	t.Helper()
	got, err := c.try(t.Context(), method, path, bytes.NewReader(body), header)
	require.NoError(t, err, "%s %s", method, path)
	return got
}

func (c client) get(t *testing.T, path string) answer {
	t.Helper()
	return c.send(t, http.MethodGet, path, nil, nil)
}

func (c client) postJSON(t *testing.T, path string, body any) answer {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	return c.send(t, http.MethodPost, path, content, map[string]string{"Content-Type": "application/json"})
}

// sample is a series of an instant query with its value.
type sample struct {
	Metric map[string]string
	Value  string
}

// query asks the Prometheus API for a vector.
func (c client) query(t *testing.T, expr string) []sample {
	t.Helper()
	got := c.get(t, "/api/v1/query?query="+url.QueryEscape(expr))
	require.Equal(t, http.StatusOK, got.status, "%s: %s", expr, got)
	var decoded struct {
		Status string
		Data   struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Value  []any
			}
		}
	}
	got.decode(t, &decoded)
	require.Equal(t, "success", decoded.Status)
	require.Equal(t, "vector", decoded.Data.ResultType)
	samples := make([]sample, 0, len(decoded.Data.Result))
	for _, series := range decoded.Data.Result {
		require.Len(t, series.Value, 2)
		samples = append(samples, sample{series.Metric, series.Value[1].(string)})
	}
	return samples
}

// number is the value of an expression that gives one series, and 0 of one that gives none.
func (c client) number(t *testing.T, expr string) float64 {
	t.Helper()
	samples := c.query(t, expr)
	if len(samples) == 0 {
		return 0
	}
	require.Len(t, samples, 1, expr)
	value, err := strconv.ParseFloat(samples[0].Value, 64)
	require.NoError(t, err)
	return value
}

// page is an answer of /v1/query/logs.
type page struct {
	Logs []storage.LogRecord `json:"logs"`
	Next string              `json:"next"`
}

// searchAll reads all pages of a log query.
func (c client) searchAll(t *testing.T, query map[string]any) []storage.LogRecord {
	t.Helper()
	var all []storage.LogRecord
	for {
		got := c.postJSON(t, "/v1/query/logs", query)
		require.Equal(t, http.StatusOK, got.status, "%s", got)
		var p page
		got.decode(t, &p)
		all = append(all, p.Logs...)
		if p.Next == "" {
			return all
		}
		query["cursor"] = p.Next
	}
}

func (c client) logsOf(t *testing.T, service string) []storage.LogRecord {
	t.Helper()
	return c.searchAll(t, map[string]any{"service": service, "from": "now-12h", "to": "now+10m", "limit": 5000})
}

// problem is an error of the API.
type problemBody struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Field  string `json:"field"`
	Fix    string `json:"fix"`
}
