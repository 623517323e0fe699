package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeServer stores batches once a key, after it has failed some times.
type fakeServer struct {
	mu       sync.Mutex
	failures []int // statuses to answer first
	lost     int   // requests that are stored and answered with 500
	batches  map[string][]int
	stored   map[string]int // items by path
	keys     []string
	reject   string
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if len(f.failures) > 0 {
		status := f.failures[0]
		f.failures = f.failures[1:]
		http.Error(w, "no", status)
		return
	}
	var items []json.RawMessage
	if r.Header.Get("X-API-Key") != "k" || json.Unmarshal(body, &items) != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if !slices.Contains(f.keys, key) {
		f.keys = append(f.keys, key)
		f.stored[r.URL.Path] += len(items)
		f.batches[r.URL.Path] = append(f.batches[r.URL.Path], len(items))
	}
	if f.lost > 0 {
		f.lost--
		http.Error(w, "the answer is lost", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, `{"accepted":%d,"rejected":[%s]}`, len(items), f.reject)
}

// problems collects what OnError is told.
type problems struct {
	mu  sync.Mutex
	all []string
}

func (p *problems) add(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, err.Error())
}

func newTest(t *testing.T, fake *fakeServer, o Options) (*Client, *problems) {
	t.Helper()
	fake.stored, fake.batches = map[string]int{}, map[string][]int{}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	o.HTTP = server.Client()
	o.MaxBackoff = time.Millisecond
	if o.FlushInterval == 0 {
		o.FlushInterval = time.Hour
	}
	told := &problems{}
	o.OnError = told.add
	return NewClient(server.URL+"/", "k", o), told
}

func TestBatches(t *testing.T) {
	fake := &fakeServer{}
	client, told := newTest(t, fake, Options{BatchSize: 100})
	for i := range 250 {
		require.NoError(t, client.Metric(Metric{Time: time.Now(), Service: "s", Name: "m", Value: float64(i)}))
	}
	require.NoError(t, client.Log(Log{Time: time.Now(), Service: "s", Message: "hello"}))
	require.NoError(t, client.Close(t.Context()))
	assert.Equal(t, []int{100, 100, 50}, fake.batches["/v1/ingest/metrics"])
	assert.Equal(t, []int{1}, fake.batches["/v1/ingest/logs"])
	assert.Empty(t, told.all)
}

func TestFlushInterval(t *testing.T) {
	fake := &fakeServer{}
	client, _ := newTest(t, fake, Options{FlushInterval: time.Millisecond})
	require.NoError(t, client.Metric(Metric{}))
	require.Eventually(t, func() bool {
		fake.mu.Lock()
		defer fake.mu.Unlock()
		return fake.stored["/v1/ingest/metrics"] == 1
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, client.Close(t.Context()))
}

func TestTriedAgainAndStoredOnce(t *testing.T) {
	fake := &fakeServer{failures: []int{503, 429, 507}, lost: 2}
	client, told := newTest(t, fake, Options{})
	require.NoError(t, client.Log(Log{Message: "a"}))
	require.NoError(t, client.Close(t.Context()))
	assert.Equal(t, 1, fake.stored["/v1/ingest/logs"])
	assert.Len(t, told.all, 5)
}

func TestRefused(t *testing.T) {
	fake := &fakeServer{failures: []int{401}}
	client, told := newTest(t, fake, Options{})
	require.NoError(t, client.Log(Log{Message: "a"}))
	require.NoError(t, client.Close(t.Context()))
	require.Len(t, told.all, 1)
	assert.Contains(t, told.all[0], "1 items lost: /v1/ingest/logs: 401")

	fake = &fakeServer{reject: `{"index":0,"field":"time","error":"too old"}`}
	client, told = newTest(t, fake, Options{})
	require.NoError(t, client.Log(Log{Message: "a"}))
	require.NoError(t, client.Close(t.Context()))
	assert.Equal(t, []string{"item 0 rejected: time: too old"}, told.all)
}

func TestQueueFull(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-release
		fmt.Fprint(w, `{"accepted":1,"rejected":[]}`)
	}))
	defer server.Close()
	client := NewClient(server.URL, "k", Options{BatchSize: 1, QueueSize: 2, HTTP: server.Client()})
	require.Eventually(t, func() bool { return client.Metric(Metric{}) != nil }, 10*time.Second, time.Millisecond)
	require.ErrorIs(t, client.Metric(Metric{}), ErrQueueFull)
	close(release)
	require.NoError(t, client.Close(t.Context()))
}

func TestCloseGivesUp(t *testing.T) {
	fake := &fakeServer{failures: slices.Repeat([]int{503}, 1_000_000)}
	client, _ := newTest(t, fake, Options{})
	require.NoError(t, client.Metric(Metric{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, client.Close(ctx), context.Canceled)
}

func TestRun(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), func(string) string { return "" }, 1), "PHAROS_URL")
	fake := &fakeServer{stored: map[string]int{}, batches: map[string][]int{}}
	server := httptest.NewServer(fake)
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	env := map[string]string{"PHAROS_URL": server.URL, "PHAROS_API_KEY": "k"}
	require.NoError(t, run(t.Context(), func(name string) string { return env[name] }, 2))
	assert.Equal(t, map[string]int{"/v1/ingest/metrics": 2, "/v1/ingest/logs": 2}, fake.stored)
}
