package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Metric is one sample for POST /v1/ingest/metrics.
type Metric struct {
	Time       time.Time         `json:"time"`
	Service    string            `json:"service"`
	InstanceID string            `json:"instance_id,omitempty"`
	Name       string            `json:"metric_name"`
	Value      float64           `json:"value"`
	Labels     map[string]string `json:"labels,omitempty"`
}

// Log is one log record for POST /v1/ingest/logs.
type Log struct {
	Time       time.Time         `json:"time"`
	Service    string            `json:"service"`
	InstanceID string            `json:"instance_id,omitempty"`
	Level      string            `json:"level,omitempty"`
	Message    string            `json:"message"`
	Labels     map[string]string `json:"labels,omitempty"`
	JSON       map[string]any    `json:"json,omitempty"`
}

// Options are what can be set of a client; zero values take the defaults.
type Options struct {
	BatchSize     int           // items in a request; 500
	FlushInterval time.Duration // how long an item waits at most; 1 s
	QueueSize     int           // items that wait while the server is away; 100,000
	MaxBackoff    time.Duration // between two tries; 10 s
	// OnError learns of refused items, failed tries and lost data. It must not block.
	OnError func(error)
	// HTTP is the client for the requests.
	HTTP *http.Client
}

// ErrQueueFull says that an item was dropped because the server is away or too slow.
var ErrQueueFull = errors.New("the queue is full")

// Client sends metrics and logs in batches from a goroutine of its own. A batch is tried until
// the server has stored it or has said that it never will; its Idempotency-Key makes that safe.
type Client struct {
	options Options
	base    string
	key     string

	metrics chan Metric
	logs    chan Log
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// NewClient returns a client for a server such as http://127.0.0.1:8080. Close it.
func NewClient(base, apiKey string, o Options) *Client {
	o.BatchSize = orDefault(o.BatchSize, 500)
	o.FlushInterval = orDefault(o.FlushInterval, time.Second)
	o.QueueSize = orDefault(o.QueueSize, 100_000)
	o.MaxBackoff = orDefault(o.MaxBackoff, 10*time.Second)
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 30 * time.Second}
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{
		options: o, base: strings.TrimRight(base, "/"), key: apiKey, stop: stop,
		metrics: make(chan Metric, o.QueueSize), logs: make(chan Log, o.QueueSize),
	}
	c.done.Go(func() { batch(ctx, c, "/v1/ingest/metrics", c.metrics) })
	c.done.Go(func() { batch(ctx, c, "/v1/ingest/logs", c.logs) })
	return c
}

func orDefault[T int | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// Metric queues a sample. It does not block; it fails with ErrQueueFull.
func (c *Client) Metric(m Metric) error { return enqueue(c.metrics, m) }

// Log queues a record. It does not block; it fails with ErrQueueFull.
func (c *Client) Log(l Log) error { return enqueue(c.logs, l) }

func enqueue[T any](queue chan<- T, item T) error {
	select {
	case queue <- item:
		return nil
	default:
		return ErrQueueFull
	}
}

// Close sends what is queued, and gives up when the context ends. Nothing may be queued after it.
func (c *Client) Close(ctx context.Context) error {
	close(c.metrics)
	close(c.logs)
	sent := make(chan struct{})
	go func() {
		c.done.Wait()
		close(sent)
	}()
	defer c.stop()
	select {
	case <-sent:
		return nil
	case <-ctx.Done():
		c.stop()
		<-sent
		return fmt.Errorf("close the client with data unsent: %w", ctx.Err())
	}
}

// batch collects items until there are enough of them or the oldest has waited long enough.
func batch[T any](ctx context.Context, c *Client, path string, queue <-chan T) {
	items := make([]T, 0, c.options.BatchSize)
	flush := func() {
		if len(items) > 0 {
			c.send(ctx, path, items, len(items))
			items = items[:0]
		}
	}
	ticker := time.NewTicker(c.options.FlushInterval)
	defer ticker.Stop()
	for {
		select {
		case item, open := <-queue:
			if !open {
				flush()
				return
			}
			if items = append(items, item); len(items) == c.options.BatchSize {
				flush()
			}
		case <-ticker.C:
			flush()
		}
	}
}

// send tries one batch until it is settled.
func (c *Client) send(ctx context.Context, path string, items any, count int) {
	body, err := json.Marshal(items)
	if err != nil {
		c.options.OnError(fmt.Errorf("%d items lost: encode: %w", count, err))
		return
	}
	key := rand.Text()
	for backoff := 100 * time.Millisecond; ; backoff = min(2*backoff, c.options.MaxBackoff) {
		wait, err := c.post(ctx, path, key, body)
		switch {
		case err == nil:
			return
		case wait < 0:
			c.options.OnError(fmt.Errorf("%d items lost: %w", count, err))
			return
		}
		c.options.OnError(fmt.Errorf("trying again: %w", err))
		select {
		case <-ctx.Done():
			c.options.OnError(fmt.Errorf("%d items lost: %w", count, ctx.Err()))
			return
		case <-time.After(max(wait, backoff)):
		}
	}
}

// answer is what the server says of a batch that it took, wholly or in part.
type answer struct {
	Accepted int `json:"accepted"`
	Rejected []struct {
		Index int    `json:"index"`
		Field string `json:"field"`
		Error string `json:"error"`
	} `json:"rejected"`
}

// post makes one try. With an error it returns how long to wait before the next; a negative time
// means that there is no use in one.
func (c *Client) post(ctx context.Context, path, key string, body []byte) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-Key", c.key)
	request.Header.Set("Idempotency-Key", key)
	response, err := c.options.HTTP.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return 0, err
	}
	switch {
	case response.StatusCode == http.StatusOK:
		c.reportRejected(content)
		return 0, nil
	case response.StatusCode == http.StatusTooManyRequests, response.StatusCode >= http.StatusInternalServerError:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return time.Duration(seconds) * time.Second, fmt.Errorf("%s: %s: %s", path, response.Status, content)
	}
	return -1, fmt.Errorf("%s: %s: %s", path, response.Status, content)
}

func (c *Client) reportRejected(content []byte) {
	var a answer
	if err := json.Unmarshal(content, &a); err != nil {
		c.options.OnError(fmt.Errorf("read the answer: %w", err))
		return
	}
	for _, r := range a.Rejected {
		c.options.OnError(fmt.Errorf("item %d rejected: %s: %s", r.Index, r.Field, r.Error))
	}
}
