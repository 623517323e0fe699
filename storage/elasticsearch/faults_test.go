package elasticsearch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/test/servers"
)

// proxy stands before the server and answers in its place where a test wants that.
type proxy struct {
	*httptest.Server
	answer atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool] // true when it has answered
	bulks  atomic.Int64
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	target, err := url.Parse(endpoint(t))
	require.NoError(t, err)
	p := &proxy{}
	reverse := httputil.NewSingleHostReverseProxy(target)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/_bulk") {
			p.bulks.Add(1)
		}
		if answer := p.answer.Load(); answer != nil && (*answer)(w, r) {
			return
		}
		reverse.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) intercept(answer func(w http.ResponseWriter, r *http.Request) bool) {
	p.answer.Store(&answer)
}

func (p *proxy) pass() { p.answer.Store(nil) }

// recent is a time whose records stay within a day with a good chance.
func recent() time.Time { return time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Second) }

func throughProxy(p *proxy) func(*Config) {
	return func(cfg *Config) { cfg.Endpoints = []string{p.URL} }
}

// isBulk says whether a request is one, and reads its body to the end, as servers do.
func isBulk(r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, "/_bulk") {
		return false
	}
	_, _ = io.Copy(io.Discard, r.Body)
	return true
}

func TestWholeRefusalIsTriedAgain(t *testing.T) {
	p := newProxy(t)
	store := openTest(t, throughProxy(p))
	var refusals atomic.Int64
	p.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !isBulkPath(r) || refusals.Add(1) > 3 {
			return false
		}
		isBulk(r)
		http.Error(w, `{"error":{"type":"es_rejected_execution_exception","reason":"rejected execution of coordinating operation"},"status":429}`, http.StatusTooManyRequests)
		return true
	})
	refused, err := write(t.Context(), store, testLogs("batch", 0, 100, recent()))
	require.NoError(t, err)
	assert.Empty(t, refused)
	assert.Equal(t, 100, count(t, store))
	assert.Equal(t, uint64(3), store.Counters().Retries)
}

func isBulkPath(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/_bulk") }

func TestRefusalsThatGoOnAreRetryable(t *testing.T) {
	p := newProxy(t)
	store := openTest(t, throughProxy(p), func(cfg *Config) { cfg.RetryFor = 200 * time.Millisecond })
	p.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !isBulk(r) {
			return false
		}
		http.Error(w, `{"error":{"type":"es_rejected_execution_exception","reason":"full"},"status":429}`, http.StatusTooManyRequests)
		return true
	})
	_, err := write(t.Context(), store, testLogs("batch", 0, 10, recent()))
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	assert.Positive(t, errcode.RetryAfter(err))
	p.pass()
	_, err = write(t.Context(), store, testLogs("batch", 0, 10, recent()))
	require.NoError(t, err)
	assert.Equal(t, 10, count(t, store))
}

// TestPartOfARequestIsTriedAgain lets the server refuse every third record of a request for now.
func TestPartOfARequestIsTriedAgain(t *testing.T) {
	p := newProxy(t)
	store := openTest(t, throughProxy(p), func(cfg *Config) { cfg.Compression = compressionNone })
	target := endpoint(t)
	var rounds atomic.Int64
	p.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !isBulkPath(r) || rounds.Add(1) > 2 {
			return false
		}
		text, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		writePart(t, target, w, r, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
		return true
	})
	refused, err := write(t.Context(), store, testLogs("batch", 0, 90, recent()))
	require.NoError(t, err)
	assert.Empty(t, refused)
	assert.Equal(t, 90, count(t, store))
	assert.Equal(t, Counters{Written: 90, Retries: 2, Bytes: store.Counters().Bytes}, store.Counters())
}

// writePart hands the server two of three records, and answers for the others that they have to
// wait.
func writePart(t *testing.T, target string, w http.ResponseWriter, r *http.Request, lines []string) {
	t.Helper()
	var passed []string
	for i := 0; i < len(lines); i += 2 {
		if i/2%3 != 0 {
			passed = append(passed, lines[i], lines[i+1])
		}
	}
	request, err := http.NewRequestWithContext(r.Context(), r.Method, target+r.URL.RequestURI(), strings.NewReader(strings.Join(passed, "\n")+"\n"))
	if err != nil {
		t.Error(err)
		return
	}
	request.Header = r.Header.Clone()
	request.Header.Del("Accept-Encoding")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	var answer struct {
		Errors bool              `json:"errors"`
		Items  []json.RawMessage `json:"items"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Error(err)
		return
	}
	var items []json.RawMessage
	for i := range len(lines) / 2 {
		if i%3 == 0 {
			items = append(items, json.RawMessage(`{"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"busy"}}}`))
			continue
		}
		items = append(items, answer.Items[0])
		answer.Items = answer.Items[1:]
	}
	answer.Errors, answer.Items = true, items
	assert.NoError(t, json.NewEncoder(w).Encode(answer))
}

// TestRecordThatDoesNotFitTheMapping has one of them among good ones. The index is older than the
// template and somebody else's.
func TestRecordThatDoesNotFitTheMapping(t *testing.T) {
	store := openTest(t)
	at := recent()
	content, err := body(object{"mappings": object{"dynamic": false, "properties": object{"service": object{"type": "long"}}}})
	require.NoError(t, err)
	index := store.classes.of(testOrg).index(at.UnixNano())
	require.NoError(t, store.client.do(t.Context(), esapi.IndicesCreateRequest{Index: index, Body: content}, nil))
	logs := testLogs("batch", 0, 20, at)
	logs.ResourceLogs().At(0).Resource().Attributes().PutStr("service.name", "42")
	bad := testLogs("bad", 0, 1, at)
	bad.ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	refused, err := write(t.Context(), store, logs)
	require.NoError(t, err)
	require.Len(t, refused, 1)
	assert.Equal(t, "bad-0", refused[0].Key)
	assert.Equal(t, at.UnixMilli(), refused[0].Time)
	assert.Equal(t, "value_invalid", refused[0].Reason)
	assert.Contains(t, refused[0].Message, "service")
	assert.Equal(t, 20, count(t, store))
	assert.Equal(t, Counters{Written: 20, Refused: 1, Bytes: store.Counters().Bytes}, store.Counters())
}

func TestDuplicateDelivery(t *testing.T) {
	store := openTest(t, func(cfg *Config) { cfg.MaxBulkBytes = smallestBulk })
	midnight := time.Now().UTC().Truncate(day).Add(-500 * time.Millisecond)
	for range 3 {
		_, err := write(t.Context(), store, testLogs("batch", 0, 1000, midnight)) // both sides of midnight
		require.NoError(t, err)
	}
	// Another process with a store of its own.
	other := openConfig(t, store.cfg)
	_, err := write(t.Context(), other, testLogs("batch", 500, 1000, midnight))
	require.NoError(t, err)
	assert.Equal(t, 1500, count(t, store))
	assert.Equal(t, Counters{Written: 1000, Duplicates: 2000, Bytes: store.Counters().Bytes}, store.Counters())
	assert.Equal(t, Counters{Written: 500, Duplicates: 500, Bytes: other.Counters().Bytes}, other.Counters())
	names, err := store.indexNames(t.Context())
	require.NoError(t, err)
	assert.Len(t, names, 2)
}

func TestRequestTooLargeIsHalved(t *testing.T) {
	p := newProxy(t)
	store := openTest(t, throughProxy(p), func(cfg *Config) { cfg.Compression = compressionNone })
	p.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength < 8<<10 {
			return false
		}
		isBulk(r)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return true
	})
	logs := testLogs("batch", 0, 100, recent())
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(50).Body().SetStr(strings.Repeat("too large ", 1000))
	refused, err := write(t.Context(), store, logs)
	require.NoError(t, err)
	require.Len(t, refused, 1)
	assert.Equal(t, "batch-50", refused[0].Key)
	assert.Equal(t, "too_large", refused[0].Reason)
	assert.Equal(t, 99, count(t, store))
}

func TestFullDisk(t *testing.T) {
	store := openTest(t)
	_, err := write(t.Context(), store, testLogs("batch", 0, 10, recent()))
	require.NoError(t, err)
	block := func(on bool) {
		var value any
		if on {
			value = true
		}
		content, err := body(object{"index.blocks.read_only_allow_delete": value})
		require.NoError(t, err)
		require.NoError(t, store.client.do(t.Context(), esapi.IndicesPutSettingsRequest{Index: []string{store.classes.pattern()}, Body: content}, nil))
	}
	block(true)
	_, err = write(t.Context(), store, testLogs("batch", 5, 10, recent()))
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(err))
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(store.Health(t.Context())))
	assert.Equal(t, 10, count(t, store), "it still reads")
	block(false)
	_, err = write(t.Context(), store, testLogs("batch", 5, 10, recent()))
	require.NoError(t, err)
	require.NoError(t, store.Health(t.Context()))
	assert.Equal(t, 15, count(t, store))
}

func TestWrongCredentials(t *testing.T) {
	p := newProxy(t)
	p.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		if user == "writer" && password == "right" || strings.EqualFold(r.Header.Get("Authorization"), "ApiKey right") {
			return false
		}
		http.Error(w, `{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}`, http.StatusUnauthorized)
		return true
	})
	cfg := testConfig(p.URL, t.Name())
	cfg.Username, cfg.Password = "writer", "wrong"
	store, err := Open(t.Context(), cfg, zaptest.NewLogger(t))
	require.NoError(t, err, "the server may know the account later")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err = store.AwaitReady(ctx)
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	require.ErrorContains(t, store.Health(t.Context()), "check its username")
	require.NoError(t, store.Close())

	cfg.Password = "right"
	assert.NoError(t, openConfig(t, cfg).Health(t.Context()))
	cfg.Username, cfg.Password, cfg.APIKey = "", "", "right"
	assert.NoError(t, openConfig(t, cfg).Health(t.Context()))
}

func TestSecondEndpoint(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	store := openTest(t, func(cfg *Config) { cfg.Endpoints = append([]string{away.URL}, cfg.Endpoints...) })
	for i := range 10 {
		_, err := write(t.Context(), store, testLogs("batch", i*10, 10, recent()))
		require.NoError(t, err)
	}
	assert.Equal(t, 100, count(t, store))
}

func TestNewerTemplateIsLeftAlone(t *testing.T) {
	store := openTest(t)
	newer := template(store.cfg)
	newer["version"] = templateVersion + 1
	content, err := body(newer)
	require.NoError(t, err)
	require.NoError(t, store.client.do(t.Context(), esapi.IndicesPutIndexTemplateRequest{Name: store.cfg.IndexPrefix, Body: content}, nil))
	other, err := Open(t.Context(), store.cfg, zaptest.NewLogger(t))
	require.NoError(t, err)
	defer func() { assert.NoError(t, other.Close()) }()
	require.Eventually(t, func() bool {
		return strings.Contains(fmt.Sprint(other.Health(t.Context())), "run a newer one")
	}, 10*time.Second, 10*time.Millisecond)
	_, err = write(t.Context(), other, testLogs("batch", 0, 1, recent()))
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
}

func TestAwayAtStart(t *testing.T) {
	before := goleak.IgnoreCurrent()
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	store, err := Open(t.Context(), testConfig(away.URL, t.Name()), zaptest.NewLogger(t))
	require.NoError(t, err)
	_, err = write(t.Context(), store, testLogs("batch", 0, 1, recent()))
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	_, err = store.Search(t.Context(), testOrg, storage.LogQuery{Limit: 1})
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	require.Eventually(t, func() bool {
		err := store.Health(t.Context())
		return errcode.Of(err) == errcode.Unavailable && strings.Contains(err.Error(), "is away")
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, store.Close())
	require.NoError(t, store.Close(), "closing twice")
	goleak.VerifyNone(t, before)
}

// TestRestartUnderLoad kills the server while four senders write, each of which repeats a
// batch until it is acknowledged.
func TestRestartUnderLoad(t *testing.T) {
	cfg := testConfig(endpoint(t), t.Name())
	server := shared.server
	if server == nil {
		server = servers.Run(t, servers.StartElasticsearch) // somebody else's is not for us to kill
		cfg.Endpoints = []string{server.URL}
	}
	cfg.Refresh, cfg.RetryFor = refreshNone, time.Second
	store := openConfig(t, cfg)
	const senders, batches, size = 4, 40, 50
	start := recent()
	var acknowledged, failures atomic.Int64
	var group sync.WaitGroup
	for sender := range senders {
		group.Go(func() {
			for i := range batches {
				for {
					_, err := write(t.Context(), store, testLogs(fmt.Sprintf("s%d.%d", sender, i), 0, size, start))
					if err == nil {
						break
					}
					if !assert.Equal(t, errcode.Unavailable, errcode.Of(err), "%v", err) {
						return
					}
					failures.Add(1)
					time.Sleep(50 * time.Millisecond)
				}
				acknowledged.Add(size)
			}
		})
	}
	require.Eventually(t, func() bool { return acknowledged.Load() >= 2000 }, time.Minute, time.Millisecond)
	server.Kill()
	assert.Eventually(t, func() bool { return errcode.Of(store.Health(t.Context())) == errcode.Unavailable }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, server.Start(t.Context()))
	group.Wait()
	assert.Equal(t, int64(senders*batches*size), acknowledged.Load())
	assert.Positive(t, failures.Load())
	require.NoError(t, store.Health(t.Context()))
	assert.Equal(t, senders*batches*size, count(t, store))
	ids := map[string]bool{}
	r, err := store.begin(testOrg, nil, time.Time{}, time.Time{})
	require.NoError(t, err)
	require.NoError(t, store.each(t.Context(), r, largestPage, func(h *hit) error {
		_, _, ok := logrecord.SplitID(h.id)
		assert.True(t, ok)
		assert.False(t, ids[h.id], h.id)
		ids[h.id] = true
		return nil
	}))
	assert.Len(t, ids, senders*batches*size)
}
