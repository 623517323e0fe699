package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load is a stream of requests.
type load struct {
	url     string
	key     string
	headers map[string]string
	items   int // in a request
	// body returns the n-th request's body; it may use the buffer. It returns nil when there
	// are no more.
	body func(n int, buffer []byte) []byte
}

// driven is what came of a load.
type driven struct {
	requests  int
	elapsed   time.Duration
	latencies []time.Duration // sorted
}

// drive sends requests from some senders for a time. It fails with the first request that is
// not answered with 2xx: a benchmark that loses data measures nothing.
func drive(ctx context.Context, l load, senders int, duration time.Duration) (driven, error) {
	ctx, cancel := context.WithTimeout(ctx, duration+time.Minute)
	defer cancel()
	transport := &http.Transport{MaxIdleConnsPerHost: senders, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}

	var (
		next    atomic.Int64
		workers sync.WaitGroup
		mu      sync.Mutex
		all     []time.Duration
		failure error
	)
	begun := time.Now()
	for range senders {
		workers.Go(func() {
			latencies, err := sendLoop(ctx, client, l, &next, begun.Add(duration))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, latencies...)
			if err != nil && failure == nil {
				failure = err
				cancel()
			}
		})
	}
	workers.Wait()
	elapsed := time.Since(begun)
	slices.Sort(all)
	return driven{requests: len(all), elapsed: elapsed, latencies: all}, failure
}

func sendLoop(ctx context.Context, client *http.Client, l load, next *atomic.Int64, end time.Time) ([]time.Duration, error) {
	var latencies []time.Duration
	var buffer []byte
	for time.Now().Before(end) {
		n := int(next.Add(1)) - 1
		body := l.body(n, buffer)
		if body == nil {
			return latencies, nil
		}
		buffer = body
		begun := time.Now()
		if err := post(ctx, client, l, body); err != nil {
			return latencies, err
		}
		latencies = append(latencies, time.Since(begun))
	}
	return latencies, nil
}

func post(ctx context.Context, client *http.Client, l load, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range l.headers {
		request.Header.Set(name, value)
	}
	if l.key != "" {
		request.Header.Set("X-API-Key", l.key)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	// A partial success of OTLP is a body that is not empty.
	if response.StatusCode/100 != 2 || (len(answer) > 0 && l.headers["Content-Type"] == protobufType) {
		return fmt.Errorf("%s: %s: %.300q", l.url, response.Status, answer)
	}
	return nil
}

// percentile returns the smallest value that at least part of the sorted values do not exceed.
func percentile(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := int(float64(len(sorted))*part+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
