package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pharos-obs/pharos/test/servers"
)

// backlogAge is how old the first sample of a backlog is: inside the hot tier.
const backlogAge = 2*time.Hour + 30*time.Minute

// metricBacklog sends as fast as it goes while there is no writer, and then measures how fast the
// writer stores what has gathered.
func (d *distributed) metricBacklog(ctx context.Context, f *findings) error {
	if err := d.drain(ctx, writerGroup+".metrics", metricsTopic); err != nil {
		return err
	}
	if err := d.writer.stop(); err != nil {
		return err
	}
	templates, err := otlpMetricBodies(bodies, serviceOf)
	if err != nil {
		return err
	}
	gatewayBefore, err := cpuTime(d.gateway.pid())
	if err != nil {
		return err
	}
	taken, err := drive(ctx, otlpMetricLoad(d.gateway, templates, time.Now().Add(-backlogAge)), d.options.senders, d.options.duration)
	if err != nil {
		return err
	}
	gatewayAfter, err := cpuTime(d.gateway.pid())
	if err != nil {
		return err
	}
	sent := taken.requests * samplesInBody
	d.rows = sent + taken.requests*hostsInRequest // each resource of a request makes a sample of target_info too
	f.add("OTLP/HTTP to acknowledged by Kafka, no writer running", "%s samples, gateway %.2f us of CPU each", rate(sent, taken.elapsed),
		float64((gatewayAfter-gatewayBefore).Nanoseconds())/1e3/float64(sent))

	// A bare COPY has the machine for itself, and so has the writer.
	if err := d.caughtUp(ctx); err != nil {
		return err
	}
	return d.storeBacklog(ctx, f)
}

// storeBacklog measures a writer that stores the backlog of metrics.
func (d *distributed) storeBacklog(ctx context.Context, f *findings) error {
	before, err := d.storedSamples(ctx)
	if err != nil {
		return err
	}
	used := func() (all costs, err error) {
		all = make(costs)
		var errs [3]error
		all["PostgreSQL"], errs[0] = treeTime(d.postgres.PID())
		all["Kafka"], errs[1] = cpuTime(d.kafka.PID())
		all["backend"], errs[2] = cpuTime(d.backend.pid())
		return all, errors.Join(errs[:]...)
	}
	usedBefore, err := used()
	if err != nil {
		return err
	}
	launched := time.Now()
	if err := d.startWriter(ctx); err != nil {
		return err
	}
	started := time.Since(launched)
	if err := d.drain(ctx, writerGroup+".metrics", metricsTopic); err != nil {
		return err
	}
	d.drained = time.Since(launched)
	usedAfter, err := used()
	if err != nil {
		return err
	}
	usedBefore["writer"] = 0
	if usedAfter["writer"], err = cpuTime(d.writer.pid()); err != nil {
		return err
	}
	after, err := d.storedSamples(ctx)
	if err != nil {
		return err
	}
	if after-before != d.rows {
		return fmt.Errorf("%d samples were acknowledged and %d are stored", d.rows, after-before)
	}
	f.add("the writer, from Kafka into PostgreSQL", "%s of %s samples, %.1f s of its start included; CPU for each: %s", rate(d.rows, d.drained), thousands(float64(d.rows)),
		started.Seconds(), usedAfter.since(usedBefore, d.rows, "writer", "PostgreSQL", "Kafka", "backend"))
	return nil
}

// caughtUp waits until the hot tier of the backend has read what there is.
func (d *distributed) caughtUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		lag, err := d.backend.gauge(ctx, "pharos_kafka_lag")
		if err == nil && lag == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the hot tier: %.0f messages are left: %w", lag, errors.Join(ctx.Err(), err))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d *distributed) storedSamples(ctx context.Context) (int, error) {
	connection, err := pgx.Connect(ctx, d.postgres.DSN("postgres"))
	if err != nil {
		return 0, err
	}
	defer connection.Close(ctx) //nolint:errcheck // one query
	var count int
	err = connection.QueryRow(ctx, "SELECT count(*) FROM pharos.samples").Scan(&count)
	return count, err
}

// bareCopy copies as many rows as the backlog had into a bare table of the same columns and key.
func (d *distributed) bareCopy(ctx context.Context, f *findings) error {
	best := 0.0
	for _, connections := range []int{1, 2, 4} {
		speed, err := copyRows(ctx, d.postgres.DSN("postgres"), d.rows, connections)
		if err != nil {
			return err
		}
		f.add(fmt.Sprintf("bare COPY of as many rows, %d connections", connections), "%s/s", thousands(speed))
		best = max(best, speed)
	}
	share := float64(d.rows) / d.drained.Seconds() / best
	f.hold(share >= goalOfCopy, ">= 0.8", "the writer against the best bare COPY", "%.2f", share)
	return nil
}

// copyRows copies the rows of the load into a new table and returns the rows a second.
func copyRows(ctx context.Context, dsn string, rows, connections int) (speed float64, err error) {
	const batch = 10_000
	connect := func() (*pgx.Conn, error) { return pgx.Connect(ctx, dsn) }
	first, err := connect()
	if err != nil {
		return 0, err
	}
	defer first.Close(ctx) //nolint:errcheck // the benchmark has failed or is over
	if _, err := first.Exec(ctx, "DROP TABLE IF EXISTS bare"); err != nil {
		return 0, err
	}
	if _, err := first.Exec(ctx, "CREATE TABLE bare (time timestamptz NOT NULL, series_id bigint NOT NULL, value float8, start_time timestamptz, histogram bytea, PRIMARY KEY (series_id, time))"); err != nil {
		return 0, err
	}
	var next atomic.Int64
	var writers sync.WaitGroup
	errs := make([]error, connections)
	start := time.Now().Add(-backlogAge)
	begun := time.Now()
	for n := range connections {
		writers.Go(func() {
			connection, err := connect()
			if err != nil {
				errs[n] = err
				return
			}
			defer connection.Close(ctx) //nolint:errcheck // its work is done
			for {
				from := int(next.Add(batch)) - batch
				if from >= rows {
					return
				}
				source := pgx.CopyFromSlice(min(batch, rows-from), func(i int) ([]any, error) {
					step, series := (from+i)/steadySeries, (from+i)%steadySeries
					return []any{start.Add(time.Duration(step) * sampleSpacing), int64(series), walk(series, step), nil, nil}, nil
				})
				if _, errs[n] = connection.CopyFrom(ctx, pgx.Identifier{"bare"}, []string{"time", "series_id", "value", "start_time", "histogram"}, source); errs[n] != nil {
					return
				}
			}
		})
	}
	writers.Wait()
	return float64(rows) / time.Since(begun).Seconds(), errors.Join(errs...)
}

// logBacklog does with log lines what metricBacklog does with samples.
func (d *distributed) logBacklog(ctx context.Context, f *findings) error {
	if err := d.writer.stop(); err != nil {
		return err
	}
	templates, err := otlpLogBodies()
	if err != nil {
		return err
	}
	taken, err := drive(ctx, otlpLogLoad(d.gateway, templates), d.options.senders, d.options.duration/3)
	if err != nil {
		return err
	}
	d.lines = taken.requests * linesInBody
	f.add("OTLP/HTTP logs to acknowledged by Kafka, no writer running", "%s lines", rate(d.lines, taken.elapsed))
	before, err := treeTime(d.elasticsearch.PID())
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := d.startWriter(ctx); err != nil {
		return err
	}
	if err := d.drain(ctx, writerGroup+".logs", logsTopic); err != nil {
		return err
	}
	elapsed := time.Since(begun)
	after, err := treeTime(d.elasticsearch.PID())
	if err != nil {
		return err
	}
	stored, err := d.documents(ctx, "pharos-*")
	if err != nil {
		return err
	}
	if stored < d.lines {
		return fmt.Errorf("%d lines were acknowledged and %d are stored", d.lines, stored)
	}
	d.logRate = float64(d.lines) / elapsed.Seconds()
	f.add("the writer, from Kafka into Elasticsearch", "%s lines, Elasticsearch %.0f us of CPU each", rate(d.lines, elapsed),
		float64((after-before).Nanoseconds())/1e3/float64(d.lines))
	return nil
}

// elastic asks Elasticsearch itself.
func (d *distributed) elastic(ctx context.Context, method, path string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, d.elasticsearch.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	status, answer, err := send(request, "")
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("%s %s: status %d: %.300q", method, path, status, answer)
	}
	return json.Unmarshal(answer, into)
}

func (d *distributed) documents(ctx context.Context, index string) (int, error) {
	var counted struct{ Count int }
	if err := d.elastic(ctx, http.MethodPost, "/"+index+"/_refresh", nil, &struct{}{}); err != nil {
		return 0, err
	}
	err := d.elastic(ctx, http.MethodGet, "/"+index+"/_count", nil, &counted)
	return counted.Count, err
}

// bareBulk loads documents that the writer has stored into another index of the same mapping.
func (d *distributed) bareBulk(ctx context.Context, f *findings) error {
	var found struct {
		Hits struct {
			Hits []struct {
				Index  string          `json:"_index"`
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	if err := d.elastic(ctx, http.MethodGet, "/pharos-*/_search?size=5000", nil, &found); err != nil {
		return err
	}
	hits := found.Hits.Hits
	if len(hits) == 0 {
		return errors.New("there are no documents")
	}
	index := hits[0].Index + "-bare" // the template's pattern takes it too
	org, _, _ := strings.Cut(hits[0].ID, ":")
	const batch = 1000
	connections := d.options.senders
	var next atomic.Int64
	var writers sync.WaitGroup
	errs := make([]error, connections)
	begun := time.Now()
	for n := range connections {
		writers.Go(func() {
			for errs[n] == nil {
				from := int(next.Add(batch)) - batch
				if from >= d.lines {
					return
				}
				var body bytes.Buffer
				// Looking whether an id is new is a part of the work, and costs more the longer they are.
				id := uuid.NewString()
				for i := from; i < min(from+batch, d.lines); i++ {
					fmt.Fprintf(&body, "{\"create\":{\"_id\":\"%s:%s-%d\"}}\n%s\n", org, id, i-from, hits[i%len(hits)].Source)
				}
				var answer struct{ Errors bool }
				errs[n] = d.elastic(ctx, http.MethodPost, "/"+index+"/_bulk", body.Bytes(), &answer)
				if answer.Errors {
					errs[n] = errors.New("a document was refused")
				}
			}
		})
	}
	writers.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	speed := float64(d.lines) / time.Since(begun).Seconds()
	f.add(fmt.Sprintf("bare bulk load of as many documents, %d connections", connections), "%s/s", thousands(speed))
	f.hold(d.logRate/speed >= goalOfCopy, ">= 0.8", "the writer against the bare bulk load", "%.2f", d.logRate/speed)
	return nil
}

// compressed stores a part of the metrics in TimescaleDB by a second writer, compresses it, and
// does the same with a bare hypertable of the same rows.
func (d *distributed) compressed(ctx context.Context, f *findings) (err error) {
	d.elasticsearch.Stop() // its memory is wanted
	timescale, err := begin(ctx, d.dir, "timescale", servers.StartTimescale)
	if err != nil {
		return err
	}
	defer timescale.Stop()
	const group = "bench-timescale"
	overlay := "yaml:receivers::kafka: { group: " + group + ", topics: { logs: bench.nothing } }"
	began := time.Now()
	second, err := d.roleWith(ctx, "writer", []string{"--config", overlay}, "PHAROS_TIMESCALE_DSN="+timescale.DSN())
	if err != nil {
		return err
	}
	const enough = 1_000_000
	connection, err := pgx.Connect(ctx, timescale.DSN())
	if err != nil {
		return errors.Join(err, second.stop())
	}
	defer connection.Close(ctx) //nolint:errcheck // the benchmark is over
	rows := 0
	for rows < enough && time.Since(began) < 5*time.Minute && err == nil {
		time.Sleep(time.Second)
		err = connection.QueryRow(ctx, "SELECT count(*) FROM pharos.samples").Scan(&rows)
	}
	elapsed := time.Since(began)
	if err := errors.Join(err, second.stop()); err != nil {
		return err
	}
	f.add("the writer, from Kafka into TimescaleDB in WebAssembly", "%s of %s samples", rate(rows, elapsed), thousands(float64(rows)))
	for _, statement := range []string{
		"CREATE TABLE bare (time timestamptz NOT NULL, series_id bigint NOT NULL, value float8, PRIMARY KEY (series_id, time))",
		"SELECT create_hypertable('bare', by_range('time', INTERVAL '1 day'))",
		"ALTER TABLE bare SET (timescaledb.compress, timescaledb.compress_segmentby = 'series_id', timescaledb.compress_orderby = 'time')",
		"INSERT INTO bare SELECT time, series_id, value FROM pharos.samples",
	} {
		if _, err := connection.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	var perSample []float64
	for _, table := range []string{"pharos.samples", "bare"} {
		var kept int
		var before, after int64
		if _, err := connection.Exec(ctx, "SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks('"+table+"') c"); err != nil {
			return fmt.Errorf("compress %s: %w", table, err)
		}
		if err := connection.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&kept); err != nil {
			return err
		}
		if err := connection.QueryRow(ctx, "SELECT sum(before_compression_total_bytes)::bigint, sum(after_compression_total_bytes)::bigint FROM chunk_compression_stats('"+table+"')").Scan(&before, &after); err != nil {
			return fmt.Errorf("size of %s: %w", table, err)
		}
		perSample = append(perSample, float64(after)/float64(kept))
		f.add("bytes per sample in TimescaleDB, "+table, "%.1f, compressed %.2f", float64(before)/float64(kept), perSample[len(perSample)-1])
	}
	f.hold(perSample[0] <= 1.1*perSample[1], "as bare", "compressed, against the bare hypertable", "%.2f", perSample[0]/perSample[1])
	return nil
}
