package blackbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/test/cluster"
	"github.com/pharos-obs/pharos/test/matrix"
)

type faultTest func(*testing.T, *cluster.Cluster)

// faultTests break what a cluster runs on, or send what nobody can store. docs/faults.md tells of
// each.
var faultTests = []struct {
	name string
	run  faultTest
}{
	{"Kafka is away at the start", kafkaAwayAtStart},
	{"Kafka is killed under load", kafkaKilled},
	{"Kafka hangs", kafkaHangs},
	{"metric store away", metricStoreAway},
	{"metric store hangs", metricStoreHangs},
	{"PostgreSQL is killed", postgresKilled},
	{"Elasticsearch away", logStoreAway},
	{"Elasticsearch is busy", logStoreBusy},
	{"Elasticsearch refuses documents", logStoreRefuses},
	{"metadata away", metadataAway},
	{"Redis away", redisAway},
	{"Redis shares", redisShares},
	{"writer is killed before it commits", writerKilledBeforeCommit},
	{"two writers", twoWriters},
	{"backend is killed", backendKilled},
	{"gateway is killed", gatewayKilled},
	{"messages nobody can read", unreadableMessages},
	{"series explosion", seriesExplosion},
}

// testFaults breaks what a cluster runs on, one after the other, while every protocol sends.
func testFaults(t *testing.T, c *cluster.Cluster, suite *matrix.Suite) {
	t.Helper()
	for _, one := range faultTests {
		t.Run(one.name, func(t *testing.T) {
			suite.Part(t)
			one.run(t, c)
		})
	}
}

// underLoad sends by every protocol while something happens, and counts afterwards: what was
// acknowledged is there once, whatever was sent again.
func underLoad(t *testing.T, c *cluster.Cluster, prefix string, happens func(load *loadView)) {
	t.Helper()
	load := newLoadOf(t, c.Front, prefix)
	stop := runThrough(t, load)
	view := &loadView{t, load}
	view.goesOn("before the fault")
	happens(view)
	view.goesOn("after the fault")
	stop()
	for _, sender := range load {
		sender.check(t, "after the fault")
		sender.resend(t)
		sender.check(t, "after sending again")
	}
}

// loadView watches a load that runs.
type loadView struct {
	t    *testing.T
	load []*sender
}

// goesOn waits until every sender has had a few more batches acknowledged.
func (v *loadView) goesOn(when string) {
	v.t.Helper()
	v.goesOnFor(5, when)
}

// goesOnLong waits for so many batches that a fault is noticed by everybody.
func (v *loadView) goesOnLong(when string) {
	v.t.Helper()
	v.goesOnFor(30, when)
}

func (v *loadView) goesOnFor(more int64, when string) {
	v.t.Helper()
	before := make([]int64, len(v.load))
	for i, sender := range v.load {
		before[i] = sender.acknowledged.Load()
	}
	require.Eventually(v.t, func() bool {
		for i, sender := range v.load {
			if sender.acknowledged.Load() < before[i]+more {
				return false
			}
		}
		return true
	}, time.Minute, 10*time.Millisecond, when)
}

// isRefused waits until senders are told to come again.
func (v *loadView) isRefused() {
	v.t.Helper()
	require.Eventually(v.t, func() bool {
		for _, sender := range v.load {
			if answered := sender.answered.Load(); answered == nil || !comeAgain(*answered) {
				return false
			}
		}
		return true
	}, time.Minute, 10*time.Millisecond, "senders are told to come again")
}

// comeAgain says whether an answer makes senders try again later.
func comeAgain(err error) bool {
	if refused, ok := errors.AsType[errRefused](err); ok {
		return refused.status == http.StatusServiceUnavailable && refused.header.Get("Retry-After") != ""
	}
	return err != nil && status.Code(err) == codes.Unavailable
}

// kafkaAwayAtStart starts a cluster of its own before its broker.
func kafkaAwayAtStart(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	c.Servers.Kafka.Kill()
	second := c.Servers.New(t, c.Kind)
	second.Front.Launch()
	second.AwaitBootstrap()
	client := clientOf(second.Front)
	client.settle = nil
	require.Eventually(t, func() bool {
		got, err := client.try(t.Context(), http.MethodPost, "/v1/ingest/logs", strings.NewReader(`{"service":"early-bird","message":"before Kafka"}`), jsonHeader)
		return err == nil && got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != ""
	}, time.Minute, 100*time.Millisecond, "senders are told to come again")

	require.NoError(t, c.Servers.Kafka.Start(t.Context()))
	second.Front.AwaitReady()
	load := newLoadOf(t, second.Front, "early")
	sendSome(t, load, 3)
	for _, sender := range load {
		sender.check(t, "after Kafka has come")
	}
	require.Zero(t, second.Front.Stop())
	c.Front.AwaitReady()
}

func kafkaKilled(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	underLoad(t, c, "kafka", func(load *loadView) {
		c.Servers.Kafka.Kill()
		load.isRefused()
		require.NoError(t, c.Servers.Kafka.Start(t.Context()))
	})
}

// kafkaHangs stops the broker's clock for longer than its members' sessions last.
func kafkaHangs(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	underLoad(t, c, "stopped", func(load *loadView) {
		require.NoError(t, c.Servers.Kafka.Pause())
		load.isRefused()
		require.NoError(t, c.Servers.Kafka.Resume())
	})
}

// metricStoreAway cuts the way to PostgreSQL: ingest goes on, and the charts of the last hours
// come from the hot tier.
func metricStoreAway(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	client := clientOf(c.Front)
	client.settle = nil
	underLoad(t, c, "store", func(load *loadView) {
		c.Metrics.Cut()
		load.goesOnLong("while the metric store is away")
		got := client.postJSON(t, "/v1/ingest/metrics", map[string]any{"service": "hot", "metric_name": "bb_while_away", "value": 7})
		require.Equal(t, http.StatusOK, got.status, "%s", got)
		require.Eventually(t, func() bool {
			return client.number(t, `sum(bb_while_away)`) == 7
		}, time.Minute, 100*time.Millisecond, "charts go on from the hot tier")
		c.Metrics.Restore()
	})
}

func metricStoreHangs(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	underLoad(t, c, "hang", func(load *loadView) {
		c.Metrics.Hang()
		load.goesOnLong("while the metric store hangs")
		c.Metrics.Restore()
	})
}

// postgresKilled kills the server of both the samples and the metadata.
func postgresKilled(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	underLoad(t, c, "postgres", func(load *loadView) {
		c.Servers.PostgreSQL.Kill()
		load.goesOnLong("without PostgreSQL")
		require.NoError(t, c.Servers.PostgreSQL.Start(t.Context()))
	})
}

func logStoreAway(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	client := clientOf(c.Front)
	client.settle = nil
	underLoad(t, c, "elastic", func(load *loadView) {
		c.Logs.Cut()
		load.goesOnLong("while Elasticsearch is away")
		got := client.postJSON(t, "/v1/query/logs", map[string]any{"service": "elastic-otlp"})
		assert.Equal(t, http.StatusServiceUnavailable, got.status, "%s", got)
		c.Logs.Restore()
	})
}

// metadataAway cuts the way to users and keys: those who were there lately stay.
func metadataAway(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	client := clientOf(c.Front)
	underLoad(t, c, "metadata", func(load *loadView) {
		c.Metadata.Cut()
		load.goesOnLong("while the metadata is away")
		assert.NotEmpty(t, client.query(t, `count(count_over_time(metadata_grpc[3h]))`), "queries go on")
		got := client.with("").postJSON(t, "/v1/auth/login", map[string]string{"email": c.Front.Bootstrap.AdminEmail, "password": c.Front.Bootstrap.AdminPassword})
		assert.Equal(t, http.StatusServiceUnavailable, got.status, "%s", got)
		c.Metadata.Restore()
		require.Eventually(t, func() bool {
			got, err := client.with("").try(t.Context(), http.MethodPost, "/v1/auth/login",
				strings.NewReader(fmt.Sprintf(`{"email":%q,"password":%q}`, c.Front.Bootstrap.AdminEmail, c.Front.Bootstrap.AdminPassword)), jsonHeader)
			return err == nil && got.status == http.StatusOK
		}, time.Minute, 100*time.Millisecond, "logins are back")
	})
}

// writerKilledBeforeCommit kills the writer when the stores have a batch and Kafka has not heard
// of it: Kafka is dead while the stores commit.
func writerKilledBeforeCommit(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	load := newLoadOf(t, c.Front, "twice")
	sendSome(t, load, 1)
	settled(t, c.Front)
	before, beforeLogs := committed(t, c, "metrics"), committed(t, c, "logs")

	c.Metrics.Hang()
	c.Logs.Hang()
	sendSome(t, load, 5)
	c.Servers.Kafka.Kill()
	c.Metrics.Restore()
	c.Logs.Restore()
	awaitRows(t, c, "twice_grpc", 2*batchSize)
	awaitDocuments(t, c, "twice-otlp", 2*batchSize)
	c.Writer.Kill()
	require.NoError(t, c.Servers.Kafka.Start(t.Context()))
	assert.Equal(t, before, committed(t, c, "metrics"), "Kafka has not heard of the samples that are stored")
	assert.Equal(t, beforeLogs, committed(t, c, "logs"), "nor of the records")

	c.Writer.Start()
	for _, sender := range load {
		sender.check(t, "after a death between store and commit")
	}
}

// committed asks how far the writers have committed; a broker that was just started takes a
// moment to know.
func committed(t *testing.T, c *cluster.Cluster, signal string) (offsets map[int]int64) {
	t.Helper()
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		var err error
		offsets, err = c.Committed(t.Context(), signal)
		require.NoError(collect, err)
	}, time.Minute, 100*time.Millisecond)
	return offsets
}

// awaitRows waits until the metric store itself has some samples of a metric.
func awaitRows(t *testing.T, c *cluster.Cluster, metric string, atLeast int) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), c.Servers.PostgreSQL.DSN("metrics_"+c.Name))
	require.NoError(t, err)
	defer connection.Close(context.WithoutCancel(t.Context()))
	require.Eventually(t, func() bool {
		var rows int
		err := connection.QueryRow(t.Context(), "SELECT count(*) FROM pharos.metrics WHERE metric_name = $1", metric).Scan(&rows)
		require.NoError(t, err)
		return rows >= atLeast
	}, time.Minute, 50*time.Millisecond, metric)
}

// awaitDocuments waits until Elasticsearch itself has some records of a service.
func awaitDocuments(t *testing.T, c *cluster.Cluster, service string, atLeast int) {
	t.Helper()
	elastic := client{base: c.Servers.Elasticsearch.URL, http: http.DefaultClient}
	require.Eventually(t, func() bool {
		elastic.send(t, http.MethodPost, "/"+c.Name+"*/_refresh", nil, nil)
		got := elastic.send(t, http.MethodPost, "/"+c.Name+"*/_count", fmt.Appendf(nil, `{"query":{"term":{"service":%q}}}`, service), jsonHeader)
		var counted struct{ Count int }
		got.decode(t, &counted)
		return counted.Count >= atLeast
	}, time.Minute, 50*time.Millisecond, service)
}

// twoWriters shares the partitions with a second writer, lets one of them die, and the other
// leave.
func twoWriters(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	second := c.Replica("writer")
	underLoad(t, c, "writers", func(load *loadView) {
		second.Start()
		load.goesOn("with two writers")
		c.Writer.Kill()
		load.goesOn("after the death of one")
		c.Writer.Start()
		load.goesOn("with two again")
		require.Zero(t, second.Stop())
	})
}

// backendKilled kills the process with the hot tier: ingest goes on, and when it is ready again
// it has what came meanwhile.
func backendKilled(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	underLoad(t, c, "backend", func(load *loadView) {
		for range 2 {
			c.Backend.Kill()
			load.goesOn("without a backend")
			c.Backend.Start()
		}
		require.Zero(t, c.Backend.Stop())
		c.Backend.Start()
	})
}

func gatewayKilled(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	underLoad(t, c, "gateway", func(load *loadView) {
		c.Gateway.Signal(syscall.SIGKILL)
		c.Gateway.AwaitEnd()
		c.Gateway.Start()
	})
}
