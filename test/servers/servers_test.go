package servers

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests show that each server does what the tests of others rely on.

func TestKafkaKeepsMessagesOverARestart(t *testing.T) {
	t.Parallel()
	server := Run(t, StartKafka)
	ctx := t.Context()
	client := &kafka.Client{Addr: kafka.TCP(server.Address)}
	created, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "t", NumPartitions: 2, ReplicationFactor: 1}}})
	require.NoError(t, err)
	require.NoError(t, created.Errors["t"])
	writer := &kafka.Writer{Addr: client.Addr, Topic: "t", Balancer: &kafka.Hash{}, RequiredAcks: kafka.RequireAll, Compression: kafka.Zstd, BatchTimeout: time.Millisecond}
	defer writer.Close()
	require.NoError(t, writer.WriteMessages(ctx, kafka.Message{Key: []byte("k"), Value: []byte("before")}))

	server.Kill()
	require.NoError(t, server.Start(ctx))
	require.NoError(t, writer.WriteMessages(ctx, kafka.Message{Key: []byte("k"), Value: []byte("after")}))

	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{server.Address}, Topic: "t", GroupID: "g", MaxWait: 100 * time.Millisecond})
	defer reader.Close()
	for _, want := range []string{"before", "after"} {
		message, err := reader.FetchMessage(ctx)
		require.NoError(t, err)
		assert.Equal(t, want, string(message.Value))
		require.NoError(t, reader.CommitMessages(ctx, message))
	}
}

func TestElasticsearchTakesADocumentOnce(t *testing.T) {
	t.Parallel()
	server := Run(t, StartElasticsearch)
	put := func() int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/logs/_create/1?refresh=true", strings.NewReader(`{"message":"hello"}`))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	assert.Equal(t, http.StatusCreated, put())
	assert.Equal(t, http.StatusConflict, put())
}

func TestPostgreSQLAndItsPool(t *testing.T) {
	t.Parallel()
	server := Run(t, StartPostgreSQL)
	pool := Run(t, func(ctx context.Context, dir string) (*PgBouncer, error) { return StartPgBouncer(ctx, dir, server) })
	copyRows(t, server.DSN("postgres"), "direct")
	copyRows(t, pool.DSN("postgres")+"&default_query_exec_mode=cache_describe", "pooled")

	server.Kill()
	require.NoError(t, server.Start(t.Context()))
	copyRows(t, server.DSN("postgres"), "again")
}

func TestTimescaleHasHypertables(t *testing.T) {
	t.Parallel()
	server := Run(t, StartTimescale)
	copyRows(t, server.DSN(), "plain")
	first, second := connect(t, server.DSN()), connect(t, server.DSN())
	ctx := t.Context()
	_, err := first.Exec(ctx, "CREATE TABLE samples (time timestamptz NOT NULL, value float8)")
	require.NoError(t, err)
	_, err = first.Exec(ctx, "SELECT create_hypertable('samples', by_range('time', INTERVAL '1 day'))")
	require.NoError(t, err)

	// A transaction has the session for itself.
	tx, err := first.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "INSERT INTO samples VALUES ($1, $2)", time.Unix(1, 0), 1.5)
	require.NoError(t, err)
	seen := make(chan int, 1)
	go func() {
		var count int
		assert.NoError(t, second.QueryRow(ctx, "SELECT count(*) FROM samples").Scan(&count))
		seen <- count
	}()
	require.NoError(t, tx.Commit(ctx))
	assert.Equal(t, 1, <-seen)

	// An error ends its statement, not the session.
	_, err = first.Exec(ctx, "SELECT 1/0")
	require.ErrorContains(t, err, "division by zero")
	var chunks int
	require.NoError(t, first.QueryRow(ctx, "SELECT count(*) FROM timescaledb_information.chunks").Scan(&chunks))
	assert.Equal(t, 1, chunks)
}

func TestRedisAnswers(t *testing.T) {
	t.Parallel()
	server := Run(t, StartRedis)
	require.NoError(t, exchange(t.Context(), server.Address, "SET a 1\r\nGET a\r\n", "+OK\r\n$1\r\n1"))
	server.Stop()
	assert.Error(t, dials(t.Context(), server.Address))
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close(context.WithoutCancel(t.Context())) })
	return connection
}

// copyRows writes rows by COPY, in binary, and reads them.
func copyRows(t *testing.T, dsn, table string) {
	t.Helper()
	connection := connect(t, dsn)
	_, err := connection.Exec(t.Context(), "CREATE TABLE "+table+" (n bigint PRIMARY KEY, name text)")
	require.NoError(t, err)
	const rows = 3000
	source := pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return []any{int64(i), "row"}, nil })
	copied, err := connection.CopyFrom(t.Context(), pgx.Identifier{table}, []string{"n", "name"}, source)
	require.NoError(t, err)
	assert.EqualValues(t, rows, copied)
	again := pgx.CopyFromRows([][]any{{int64(7), "twice"}})
	_, err = connection.CopyFrom(t.Context(), pgx.Identifier{table}, []string{"n", "name"}, again)
	require.ErrorContains(t, err, "23505")
	var count, sum int64
	require.NoError(t, connection.QueryRow(t.Context(), "SELECT count(*), sum(n) FROM "+table).Scan(&count, &sum))
	assert.EqualValues(t, rows, count)
	assert.EqualValues(t, rows*(rows-1)/2, sum)
}
