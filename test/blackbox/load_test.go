package blackbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/test/server"
)

// batchSize is how many samples or records a request of the load has.
const batchSize = 200

// item is a sample or record of the load, by its batch and its place in it.
type item struct{ batch, place int }

// sender sends batches one after the other; the same number gives the same bytes. It remembers
// which were acknowledged.
type sender struct {
	name  string
	send  func(ctx context.Context, batch int) error
	found func(t *testing.T) map[item]int
	acked []bool
	pace  time.Duration // between batches

	// What runThrough tells while it runs.
	acknowledged atomic.Int64
	answered     atomic.Pointer[error] // nil inside means an acknowledgement
}

// errRefused is an answer that is no acknowledgement.
type errRefused struct{ answer }

func (e errRefused) Error() string { return e.String() }

// run sends until the context ends or the server is gone; a fifth of the batches twice.
func (s *sender) run(ctx context.Context) {
	for ctx.Err() == nil {
		batch := len(s.acked)
		s.acked = append(s.acked, false)
		if s.send(ctx, batch) != nil {
			return
		}
		s.acked[batch] = true
		if batch%5 == 0 && s.send(ctx, batch) != nil {
			return
		}
		time.Sleep(s.pace)
	}
}

// resend sends the last two batches again: one that was acknowledged, and one that may have been.
func (s *sender) resend(t *testing.T) {
	t.Helper()
	for batch := max(0, len(s.acked)-2); batch < len(s.acked); batch++ {
		require.EventuallyWithT(t, func(c *assert.CollectT) { // a connection that was lost comes back in its own time
			assert.NoError(c, s.send(t.Context(), batch))
		}, 20*time.Second, 50*time.Millisecond, "%s: batch %d again", s.name, batch)
		s.acked[batch] = true
	}
}

// check counts: what was acknowledged is there once, and nothing is there twice.
func (s *sender) check(t *testing.T, when string) {
	t.Helper()
	found := s.found(t)
	acked, lost, twice := 0, []item{}, []item{}
	for batch, ok := range s.acked {
		for place := range batchSize {
			one := item{batch, place}
			switch {
			case found[one] > 1:
				twice = append(twice, one)
			case ok && found[one] == 0:
				lost = append(lost, one)
			}
			if ok {
				acked++
			}
			delete(found, one)
		}
	}
	if len(lost) > 0 {
		assert.Fail(t, "acknowledged and lost", "%s: %s: %d of %d, from %v to %v", when, s.name, len(lost), acked, lost[0], lost[len(lost)-1])
	}
	if len(twice) > 0 {
		assert.Fail(t, "there twice", "%s: %s: %d, from %v to %v", when, s.name, len(twice), twice[0], twice[len(twice)-1])
	}
	assert.Empty(t, found, "%s: %s: never sent", when, s.name)
	t.Logf("%s: %s: %d items acknowledged", when, s.name, acked)
}

// runAll runs all senders until each has stopped.
func runAll(ctx context.Context, senders []*sender) {
	var all sync.WaitGroup
	for _, s := range senders {
		all.Go(func() { s.run(ctx) })
	}
	all.Wait()
}

// post sends a body; any answer but success is an error, and so is one that tells of rejections.
func post(ctx context.Context, c client, path string, body []byte, header map[string]string) error {
	got, err := c.try(ctx, http.MethodPost, path, bytes.NewReader(body), header)
	if err != nil {
		return err
	}
	if got.status/100 != 2 || path != "/v1/ingest/logs" && len(got.body) > 0 {
		return errRefused{got}
	}
	return nil
}

// newLoad returns senders for a server of their own.
func newLoad(t *testing.T, s *server.Server) []*sender {
	t.Helper()
	return newLoadOf(t, s, "load")
}

// newLoadOf returns senders of metrics by OTLP and remote write, in and out of the order of time,
// and of logs by OTLP and JSON. The names of their metrics and services begin as given.
func newLoadOf(t *testing.T, s *server.Server, prefix string) []*sender {
	t.Helper()
	base := time.Now().Add(-time.Hour).Truncate(time.Second)
	c := clientOf(s)
	conn := dial(t, s.GRPC)
	pace := time.Millisecond // below the limit of requests a second
	if len(s.Parts) > 0 {
		pace = 50 * time.Millisecond // what real servers on the same machine keep up with
	}
	later := func(batch int) time.Time { return base.Add(time.Duration(batch) * 10 * time.Millisecond) }
	earlier := func(batch int) time.Time { return base.Add(-time.Duration(batch) * 10 * time.Millisecond) }
	metrics := func(name string, send func(ctx context.Context, batch int) error) *sender {
		return &sender{name: name, send: send, pace: pace, found: func(t *testing.T) map[item]int {
			t.Helper()
			return samplesOf(t, c, name)
		}}
	}
	logs := func(name string, send func(ctx context.Context, batch int) error) *sender {
		return &sender{name: name, send: send, pace: pace, found: func(t *testing.T) map[item]int {
			t.Helper()
			return recordsOf(t, c, name)
		}}
	}
	remote := func(name string, at func(int) time.Time) *sender {
		return metrics(name, func(ctx context.Context, batch int) error {
			body, header := remoteWrite1(t, loadSeries(name, batch, at(batch)))
			return post(ctx, c, "/api/v1/write", body, header)
		})
	}
	return []*sender{
		metrics(prefix+"_grpc", func(ctx context.Context, batch int) error {
			ctx = metadata.AppendToOutgoingContext(ctx, "x-api-key", c.key)
			request := pmetricotlp.NewExportRequestFromMetrics(loadGauge(prefix+"_grpc", batch, later(batch)))
			answer, err := pmetricotlp.NewGRPCClient(conn).Export(ctx, request)
			if err == nil && answer.PartialSuccess().RejectedDataPoints() > 0 {
				return fmt.Errorf("refused: %s", answer.PartialSuccess().ErrorMessage())
			}
			return err
		}),
		metrics(prefix+"_http", func(ctx context.Context, batch int) error {
			body := protobuf.metrics(t, loadGauge(prefix+"_http", batch, later(batch)))
			return post(ctx, c, "/v1/metrics", body, map[string]string{"Content-Type": protobuf.contentType})
		}),
		remote(prefix+"_remote", later),
		remote(prefix+"_remote_backwards", earlier),
		logs(prefix+"-otlp", func(ctx context.Context, batch int) error {
			body := protobuf.logs(t, loadLogs(prefix+"-otlp", batch, later(batch)))
			return post(ctx, c, "/v1/logs", body, map[string]string{"Content-Type": protobuf.contentType})
		}),
		logs(prefix+"-json", func(ctx context.Context, batch int) error {
			var lines bytes.Buffer
			for place := range batchSize {
				fmt.Fprintf(&lines, `{"time":%d,"service":"%s-json","message":"%d %d"}`+"\n", later(batch).UnixMilli(), prefix, batch, place)
			}
			return post(ctx, c, "/v1/ingest/logs", lines.Bytes(), map[string]string{"Content-Type": "application/x-ndjson"})
		}),
	}
}

// samplesOf reads every raw sample of a metric. Its value is the batch, its label n the place.
func samplesOf(t *testing.T, c client, name string) map[item]int {
	t.Helper()
	got := c.get(t, "/api/v1/query?query="+url.QueryEscape(name+"[3h]"))
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var decoded struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]json.RawMessage
			}
		}
	}
	got.decode(t, &decoded)
	found := map[item]int{}
	for _, series := range decoded.Data.Result {
		var one item
		_, err := fmt.Sscan(series.Metric["n"], &one.place)
		require.NoError(t, err)
		for _, value := range series.Values {
			_, err := fmt.Sscanf(string(value[1]), `"%d"`, &one.batch)
			require.NoError(t, err)
			found[one]++
		}
	}
	return found
}

// recordsOf reads every record of a service. Its message is batch and place.
func recordsOf(t *testing.T, c client, service string) map[item]int {
	t.Helper()
	found := map[item]int{}
	for _, record := range c.logsOf(t, service) {
		var one item
		_, err := fmt.Sscan(record.Message, &one.batch, &one.place)
		require.NoError(t, err, record.Message)
		found[one]++
	}
	return found
}

func loadSeries(name string, batch int, at time.Time) *prompb.WriteRequest {
	request := &prompb.WriteRequest{}
	for place := range batchSize {
		one := series(name, "load", prompb.Sample{Timestamp: at.UnixMilli(), Value: float64(batch)})
		one.Labels = append(one.Labels, prompb.Label{Name: "n", Value: fmt.Sprint(place)})
		request.Timeseries = append(request.Timeseries, one)
	}
	return request
}

func loadGauge(name string, batch int, at time.Time) pmetric.Metrics {
	metrics := otlpGauge("load", name, batchSize, at)
	points := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints()
	for _, point := range points.All() {
		point.SetDoubleValue(float64(batch))
	}
	return metrics
}

func loadLogs(service string, batch int, at time.Time) plog.Logs {
	logs := otlpLogs(service, batchSize, at)
	for place, record := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		record.Body().SetStr(fmt.Sprintf("%d %d", batch, place))
	}
	return logs
}

// runThrough sends with all senders through everything that comes, as clients do that try again,
// until the function that it returns is called.
func runThrough(t *testing.T, senders []*sender) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, s := range senders {
		all.Go(func() {
			for batch := len(s.acked); ctx.Err() == nil; {
				if len(s.acked) == batch {
					s.acked = append(s.acked, false)
				}
				err := s.send(ctx, batch)
				s.answered.Store(&err)
				if err == nil {
					s.acked[batch] = true
					batch++
					s.acknowledged.Add(1)
				}
				time.Sleep(s.pace)
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// runUntilRefused sends with each sender until the server takes no more, and wants to be told so
// in a way that makes senders try again.
func runUntilRefused(t *testing.T, senders []*sender) {
	t.Helper()
	for _, s := range senders {
		var err error
		for until := len(s.acked) + 20_000; err == nil && len(s.acked) < until; {
			batch := len(s.acked)
			s.acked = append(s.acked, false)
			if err = s.send(t.Context(), batch); err == nil {
				s.acked[batch] = true
			}
		}
		if refused, ok := errors.AsType[errRefused](err); ok {
			assert.Contains(t, []int{http.StatusInsufficientStorage, http.StatusServiceUnavailable}, refused.status, "%s: %v", s.name, err)
			assert.NotEmpty(t, refused.header.Get("Retry-After"), "%s: %v", s.name, err)
		} else {
			assert.Equal(t, codes.Unavailable, status.Code(err), "%s: %v", s.name, err)
		}
	}
}
