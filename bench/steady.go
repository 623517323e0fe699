package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// serviceOf gives each body of the load a service of its own: the services of an organisation are
// spread over partitions.
func serviceOf(n int) string { return fmt.Sprintf("bench-%d", n) }

// costs is the CPU time of every process of the distributed program.
type costs map[string]time.Duration

func (d *distributed) costs() (costs, error) {
	all := make(costs)
	var errs []error
	for name, pid := range map[string]int{
		"gateway": d.gateway.pid(), "writer": d.writer.pid(), "backend": d.backend.pid(), "Kafka": d.kafka.PID(), "PostgreSQL": d.postgres.PID(),
	} {
		used, err := treeTime(pid)
		all[name] = used
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// since returns what was used after an earlier look, for each item, as text.
func (c costs) since(before costs, items int, names ...string) string {
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %.2f", name, float64((c[name]-before[name]).Nanoseconds())/1e3/float64(max(items, 1))))
	}
	return strings.Join(parts, ", ") + " us"
}

// observed is what was seen while a load ran.
type observed struct {
	mu      sync.Mutex
	ingest  []time.Duration
	delays  []time.Duration
	queries []time.Duration
	lags    []int64
	err     error
	samples int
}

func (s *observed) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		s.err = err
	}
}

// steady sends as many samples a second as the goals name, of now, and watches meanwhile how soon
// they can be queried, how long queries take, and how far the writer is behind.
func (d *distributed) steady(ctx context.Context, f *findings) error {
	templates, err := otlpMetricBodies(bodies, serviceOf)
	if err != nil {
		return err
	}
	// Series and connections are made first.
	if err := d.send(ctx, templates, 3*time.Second, &observed{}); err != nil {
		return err
	}
	before, err := d.costs()
	if err != nil {
		return err
	}
	duration := 2 * d.options.duration
	seen := &observed{}
	watching, stop := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	for _, watch := range []func(context.Context, *observed) error{d.watchDelay, d.watchQueries, d.watchLag} {
		watchers.Go(func() {
			if err := watch(watching, seen); err != nil {
				seen.fail(err)
			}
		})
	}
	begun := time.Now()
	err = d.send(ctx, templates, duration, seen)
	elapsed := time.Since(begun)
	stop()
	watchers.Wait()
	if err := errors.Join(err, seen.err); err != nil {
		return err
	}
	after, err := d.costs()
	if err != nil {
		return err
	}
	d.reportSteady(f, seen, elapsed, after.since(before, seen.samples, "gateway", "writer", "backend", "Kafka", "PostgreSQL"))
	return nil
}

func (d *distributed) reportSteady(f *findings, seen *observed, elapsed time.Duration, cost string) {
	f.add("steady load, 10 services, 10,000 series, 1,000 samples a request", "%s samples/s for %.0f s", thousands(float64(seen.samples)/elapsed.Seconds()), elapsed.Seconds())
	f.add("CPU for a sample at that rate", "%s", cost)
	ingest := percentiles(seen.ingest)
	f.hold(percentile(seen.ingest, 0.95) < goalIngest, "p95 < 50 ms", "ingest, p50 / p95 / p99", "%s", ingest)
	delay := percentiles(seen.delays)
	f.hold(percentile(seen.delays, 0.95) < goalDelay, "p95 < 1 s", "sent to queryable through the hot tier, p50 / p95 / p99", "%s (%d probes)", delay, len(seen.delays))
	query := percentiles(seen.queries)
	f.hold(percentile(seen.queries, 0.95) < goalQuery, "p95 < 300 ms", "query of a one-minute window over 100 series, p50 / p95 / p99", "%s (%d queries)", query, len(seen.queries))
	var most, sum int64
	for _, lag := range seen.lags {
		most, sum = max(most, lag), sum+lag
	}
	f.hold(most < goalLag, "< 1,000 messages", "Kafka lag of the writer, mean / most", "%d / %d messages", sum/int64(max(len(seen.lags), 1)), most)
}

// send sends every series again and again at the steady rate. Each template has a sender of its
// own, so that its samples are in order.
func (d *distributed) send(ctx context.Context, templates []template, duration time.Duration, seen *observed) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(templates), DisableCompression: true}}
	defer client.CloseIdleConnections()
	l := load{url: d.gateway.base + d.gateway.metrics, key: d.gateway.key, headers: map[string]string{"Content-Type": protobufType}}
	begun := time.Now()
	var senders sync.WaitGroup
	for n := range templates {
		senders.Go(func() {
			first := begun.Add(steadyInterval * time.Duration(n) / time.Duration(len(templates)))
			var buffer []byte
			for step := 0; ; step++ {
				at := first.Add(time.Duration(step) * steadyInterval)
				if at.Sub(begun) > duration || ctx.Err() != nil {
					return
				}
				time.Sleep(time.Until(at))
				buffer = templates[n].fill(buffer, at, 0)
				templates[n].setValues(buffer, func(i int) float64 { return walk(n*samplesInBody+i, step) })
				started := time.Now()
				if err := post(ctx, client, l, buffer); err != nil {
					seen.fail(err)
					return
				}
				seen.mu.Lock()
				seen.ingest = append(seen.ingest, time.Since(started))
				seen.samples += samplesInBody
				seen.mu.Unlock()
			}
		})
	}
	senders.Wait()
	return errors.Join(seen.err, ctx.Err())
}

// watchDelay sends a sample every now and then, whose value is when it was sent, and asks until
// it is the newest.
func (d *distributed) watchDelay(ctx context.Context, seen *observed) error {
	client := &http.Client{}
	l := load{url: d.gateway.base + "/v1/ingest/metrics", key: d.gateway.key, headers: map[string]string{"Content-Type": "application/json"}}
	question := d.gateway.base + "/api/v1/query?query=" + url.QueryEscape("bench_probe")
	for ctx.Err() == nil {
		sent := time.Now()
		stamp := sent.UnixMilli()
		if err := post(ctx, client, l, fmt.Appendf(nil, `{"service":"probe","metric_name":"bench_probe","value":%d,"time":%d}`, stamp, stamp)); err != nil {
			return err
		}
		for {
			_, body, err := get(ctx, question, d.gateway.key)
			if err != nil {
				return err
			}
			if value, found := parseNumber(body); found && int64(value) >= stamp {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		seen.mu.Lock()
		seen.delays = append(seen.delays, time.Since(sent))
		seen.mu.Unlock()
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

func (d *distributed) watchQueries(ctx context.Context, seen *observed) error {
	unix := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	for i := 0; ctx.Err() == nil; i++ {
		now := time.Now()
		question := query{
			path: "/api/v1/query_range", expect: `"host_name":"host-`,
			form: url.Values{
				"query": {fmt.Sprintf("avg by (host_name) (bench_metric_%03d)", 2*(i%(metricsPerHost/2))+1)},
				"start": {unix(now.Add(-time.Minute))}, "end": {unix(now)}, "step": {"1"},
			},
		}
		request, err := question.request(ctx, d.gateway.base)
		if err != nil {
			return err
		}
		status, body, err := send(request, d.gateway.key)
		if err != nil {
			return err
		}
		if status != http.StatusOK || !strings.Contains(string(body), question.expect) {
			return fmt.Errorf("query %s: status %d: %.300q", question.form.Get("query"), status, body)
		}
		seen.mu.Lock()
		seen.queries = append(seen.queries, time.Since(now))
		seen.mu.Unlock()
		time.Sleep(200 * time.Millisecond)
	}
	return nil
}

func (d *distributed) watchLag(ctx context.Context, seen *observed) error {
	for ctx.Err() == nil {
		lag, err := d.behind(ctx, writerGroup+".metrics", metricsTopic)
		if err != nil {
			return err
		}
		seen.mu.Lock()
		seen.lags = append(seen.lags, lag)
		seen.mu.Unlock()
		time.Sleep(250 * time.Millisecond)
	}
	return nil
}
