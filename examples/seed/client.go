package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

const (
	attempts       = 6
	requestTimeout = 30 * time.Second
	maxAnswer      = 1 << 20
)

// errForbidden says that the key lacks the scope.
var errForbidden = errors.New("the key lacks the scope")

// bootstrap is what `pharos up` writes at its first start.
type bootstrap struct {
	URL    string `json:"url"`
	APIKey string `json:"api_key"`
}

func readBootstrap(path string) (bootstrap, error) {
	var file bootstrap
	content, err := os.ReadFile(path)
	if err != nil {
		return file, fmt.Errorf("read the server's address and key: %w", err)
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return file, fmt.Errorf("read %s: %w", path, err)
	}
	return file, nil
}

// client speaks OTLP over HTTP, and asks for the progress of an earlier run.
type client struct {
	base  string
	key   string
	http  *http.Client
	pause func(ctx context.Context, d time.Duration) error
}

func newClient(base, key string) *client {
	return &client{
		base: strings.TrimRight(base, "/"), key: key,
		http: &http.Client{Timeout: requestTimeout}, pause: pause,
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (c *client) sendMetrics(ctx context.Context, key string, metrics pmetric.Metrics) (tally, error) {
	body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	if err != nil {
		return tally{}, fmt.Errorf("encode metrics: %w", err)
	}
	answer, err := c.post(ctx, "/v1/metrics", key, body)
	if err != nil {
		return tally{}, err
	}
	response := pmetricotlp.NewExportResponse()
	if err := response.UnmarshalProto(answer); err != nil {
		return tally{}, fmt.Errorf("read the answer to metrics: %w", err)
	}
	rejected := int(response.PartialSuccess().RejectedDataPoints())
	return tally{
		points: metrics.DataPointCount() - rejected, samples: sampleCount(metrics),
		rejected: rejected, reason: response.PartialSuccess().ErrorMessage(),
	}, nil
}

func (c *client) sendLogs(ctx context.Context, key string, logs plog.Logs) (tally, error) {
	if logs.LogRecordCount() == 0 {
		return tally{}, nil
	}
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	if err != nil {
		return tally{}, fmt.Errorf("encode logs: %w", err)
	}
	answer, err := c.post(ctx, "/v1/logs", key, body)
	if err != nil {
		return tally{}, err
	}
	response := plogotlp.NewExportResponse()
	if err := response.UnmarshalProto(answer); err != nil {
		return tally{}, fmt.Errorf("read the answer to logs: %w", err)
	}
	rejected := int(response.PartialSuccess().RejectedLogRecords())
	return tally{lines: logs.LogRecordCount() - rejected, rejected: rejected, reason: response.PartialSuccess().ErrorMessage()}, nil
}

// post sends a body, again when the server says that this may help. The key makes that safe.
func (c *client) post(ctx context.Context, path, key string, body []byte) ([]byte, error) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(body); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	headers := map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip", "Idempotency-Key": key,
	}
	var last error
	for attempt := range attempts {
		answer, wait, err := c.do(ctx, http.MethodPost, path, headers, packed.Bytes())
		if err == nil {
			return answer, nil
		}
		last = err
		if wait < 0 || attempt == attempts-1 {
			break
		}
		if err := c.pause(ctx, max(wait, time.Duration(1<<attempt)*100*time.Millisecond)); err != nil {
			return nil, err
		}
	}
	return nil, last
}

// do sends a request. On an error it returns how long to wait before another try, or a negative
// time when there is no use.
func (c *client) do(ctx context.Context, method, path string, headers map[string]string, body []byte) ([]byte, time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, -1, fmt.Errorf("prepare a request: %w", err)
	}
	request.Header.Set("X-API-Key", c.key)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("reach the server: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, 0, fmt.Errorf("read the answer: %w", err)
	}
	switch response.StatusCode {
	case http.StatusOK:
		return answer, 0, nil
	case http.StatusForbidden:
		return nil, -1, fmt.Errorf("%s %s: %w: %s", method, path, errForbidden, answer)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return nil, time.Duration(seconds) * time.Second, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return nil, -1, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
}

// progress returns when an earlier run of this name began and how far it came. Both are zero
// when there was none within that time.
func (c *client) progress(ctx context.Context, run string, within time.Duration) (start, until time.Time, err error) {
	var found [2]time.Time
	for i, name := range []string{startMetric, untilMetric} {
		query := fmt.Sprintf(`max(max_over_time(%s{seed=%q}[%ds]))`, promName(name), run, int(within.Seconds()))
		if found[i], err = c.queryTime(ctx, query); err != nil {
			return time.Time{}, time.Time{}, err
		}
	}
	if found[0].IsZero() || found[1].IsZero() {
		return time.Time{}, time.Time{}, nil
	}
	return found[0], found[1], nil
}

// queryTime asks for a number of Unix seconds; zero when there is no series.
func (c *client) queryTime(ctx context.Context, query string) (time.Time, error) {
	answer, _, err := c.do(ctx, http.MethodGet, "/api/v1/query?query="+url.QueryEscape(query), nil, nil)
	if err != nil {
		return time.Time{}, err
	}
	var result struct {
		Data struct {
			Result []struct {
				Value [2]json.RawMessage `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return time.Time{}, fmt.Errorf("read the answer to %s: %w", query, err)
	}
	if len(result.Data.Result) == 0 {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseFloat(strings.Trim(string(result.Data.Result[0].Value[1]), `"`), 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the answer to %s: %w", query, err)
	}
	return time.Unix(int64(seconds), 0), nil
}
