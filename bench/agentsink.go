package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/prometheus/prompb"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// sink is the server that agents send to, one for each: it takes everything and counts.
type sink struct {
	address  string
	listener *countingListener
	server   *http.Server
	decoder  *zstd.Decoder
	serving  sync.WaitGroup

	requests, points, lines atomic.Int64
	metricBytes             atomic.Int64 // in the bodies of requests with metrics
	firstPoint              atomic.Int64 // when, Unix nanoseconds
	mu                      sync.Mutex
	fault                   error // the first that could not be read
}

func newSink(ctx context.Context) (*sink, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for an agent: %w", err)
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		return nil, fmt.Errorf("make a decoder: %w", err)
	}
	s := &sink{address: listener.Addr().String(), listener: &countingListener{Listener: listener}, decoder: decoder}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/metrics", s.take(s.otlpMetrics))
	mux.HandleFunc("POST /v1/logs", s.take(s.otlpLogs))
	mux.HandleFunc("POST /api/v1/write", s.take(s.remoteWrite))
	mux.HandleFunc("POST /lines", s.take(s.jsonLines))
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: startTimeout}
	s.serving.Go(func() { _ = s.server.Serve(s.listener) }) // it ends with close
	return s, nil
}

func (s *sink) close() error {
	err := s.server.Close()
	s.serving.Wait()
	s.decoder.Close()
	return err
}

// wire is how many bytes came and went on the connections.
func (s *sink) wire() int64 { return s.listener.bytes.Load() }

func (s *sink) take(count func(body []byte, compressed int) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		body, compressed, err := s.read(r)
		if err == nil {
			err = count(body, compressed)
		}
		if err != nil {
			s.mu.Lock()
			if s.fault == nil {
				s.fault = fmt.Errorf("%s: %w", r.URL.Path, err)
			}
			s.mu.Unlock()
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}
}

func (s *sink) read(r *http.Request) (body []byte, compressed int, err error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, 0, err
	}
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "":
		body = raw
	case "zstd":
		body, err = s.decoder.DecodeAll(raw, nil)
	case "snappy":
		body, err = snappy.Decode(nil, raw)
	case "gzip":
		var reader *gzip.Reader
		if reader, err = gzip.NewReader(bytes.NewReader(raw)); err == nil {
			body, err = io.ReadAll(reader)
		}
	default:
		err = fmt.Errorf("unknown encoding %q", encoding)
	}
	return body, len(raw), err
}

func (s *sink) metrics(points, bytes int) {
	s.points.Add(int64(points))
	s.metricBytes.Add(int64(bytes))
	if points > 0 {
		s.firstPoint.CompareAndSwap(0, time.Now().UnixNano())
	}
}

func (s *sink) otlpMetrics(body []byte, compressed int) error {
	request := pmetricotlp.NewExportRequest()
	if err := request.UnmarshalProto(body); err != nil {
		return err
	}
	s.metrics(request.Metrics().DataPointCount(), compressed)
	return nil
}

func (s *sink) otlpLogs(body []byte, _ int) error {
	request := plogotlp.NewExportRequest()
	if err := request.UnmarshalProto(body); err != nil {
		return err
	}
	s.lines.Add(int64(request.Logs().LogRecordCount()))
	return nil
}

func (s *sink) remoteWrite(body []byte, compressed int) error {
	var request prompb.WriteRequest
	if err := request.Unmarshal(body); err != nil {
		return err
	}
	points := 0
	for i := range request.Timeseries {
		points += len(request.Timeseries[i].Samples)
	}
	s.metrics(points, compressed)
	return nil
}

// jsonLines takes what telegraf sends of a log: a metric for each line.
func (s *sink) jsonLines(body []byte, _ int) error {
	var batch struct{ Metrics []json.RawMessage }
	if err := json.Unmarshal(body, &batch); err != nil {
		return err
	}
	s.lines.Add(int64(len(batch.Metrics)))
	return nil
}

// countingListener counts what its connections read and write.
type countingListener struct {
	net.Listener
	bytes atomic.Int64
}

// Accept implements net.Listener.
func (l *countingListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{connection, &l.bytes}, nil
}

type countingConn struct {
	net.Conn
	bytes *atomic.Int64
}

// Read implements net.Conn.
func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.bytes.Add(int64(n))
	return n, err
}

// Write implements net.Conn.
func (c countingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.bytes.Add(int64(n))
	return n, err
}

// problem is the first request that could not be read, nil when there was none.
func (s *sink) problem() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// await waits until the condition holds.
func await(ctx context.Context, limit time.Duration, condition func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !condition() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
	return true
}

var errNoPoints = errors.New("it has sent no metrics")

// columns joins the cells of a line of a table.
func columns(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
