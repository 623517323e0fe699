package blackbox

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/cluster"
)

// logStoreBusy answers bulk requests with 429, then refuses a third of the documents once: they
// are sent again, and none is there twice.
func logStoreBusy(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	busyBefore, deniedBefore := c.Bulk.Counts()
	underLoad(t, c, "busy", func(load *loadView) {
		c.Bulk.Busy(4)
		load.goesOn("while Elasticsearch is busy")
		var mu sync.Mutex
		seen := make(map[[32]byte]bool)
		c.Bulk.Refuse(func(document []byte) *cluster.Refusal {
			sum := sha256.Sum256(document)
			mu.Lock()
			defer mu.Unlock()
			if sum[0]%3 != 0 || seen[sum] {
				return nil
			}
			seen[sum] = true
			return &cluster.Refusal{Status: http.StatusTooManyRequests, Type: "es_rejected_execution_exception", Reason: "the queue is full"}
		})
		load.goesOn("while Elasticsearch refuses a third")
		settled(t, c.Front)
		c.Bulk.Refuse(nil)
	})
	busy, denied := c.Bulk.Counts()
	assert.Equal(t, 4, busy-busyBefore)
	assert.Greater(t, denied-deniedBefore, 2*batchSize)
}

// logStoreRefuses refuses some records for good: they are dead letters, and those beside them in
// the same message and from another organisation are stored.
func logStoreRefuses(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	before := letters(t, c, "logs")
	first := clientOf(c.Front)
	other := first.with(secondOrg(t, c.Front, "beside poison"))
	c.Bulk.Refuse(func(document []byte) *cluster.Refusal {
		if bytes.Contains(document, []byte(`"poison `)) {
			return &cluster.Refusal{Status: http.StatusBadRequest, Type: "document_parsing_exception", Reason: "this test wants it so"}
		}
		return nil
	})
	defer c.Bulk.Refuse(nil)
	var items []map[string]any
	for i := range 30 {
		message := fmt.Sprintf("good %d", i)
		if i%3 == 0 {
			message = fmt.Sprintf("poison %d", i)
		}
		items = append(items, map[string]any{"service": "poisoned", "message": message})
	}
	writeLogs(t, first, items...)
	for i := range items {
		items[i]["message"] = fmt.Sprintf("good %d", i)
	}
	writeLogs(t, other, items...)
	assert.Len(t, first.logsOf(t, "poisoned"), 20)
	assert.Len(t, other.logsOf(t, "poisoned"), 30)
	dead := 0
	for _, letter := range letters(t, c, "logs")[len(before):] {
		dead += letter.Items
		assert.Equal(t, c.Front.Bootstrap.OrgID, letter.Org)
		assert.Contains(t, letter.Reason, "this test wants it so")
		assert.NotContains(t, string(letter.Value), "good")
	}
	assert.Equal(t, 10, dead)
}

func letters(t *testing.T, c *cluster.Cluster, signal string) []cluster.Letter {
	t.Helper()
	found, err := c.Letters(t.Context(), signal)
	require.NoError(t, err)
	return found
}

// unreadableMessages puts messages between others that no gateway has written: each is one dead
// letter, although the writer and the backend read all of them, and nothing else is harmed.
func unreadableMessages(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	const each = 4
	before := map[string]int{}
	for _, signal := range []string{"metrics", "logs"} {
		before[signal] = len(letters(t, c, signal))
	}
	underLoad(t, c, "garbage", func(load *loadView) {
		for _, signal := range []string{"metrics", "logs"} {
			for partition := range each {
				org := []kafka.Header{{Key: "pharos-org-id", Value: []byte(c.Front.Bootstrap.OrgID)}}
				require.NoError(t, c.Produce(t.Context(), signal,
					kafka.Message{Partition: partition, Value: []byte("\xff\xffno OTLP at all"), Headers: org},
					kafka.Message{Partition: partition, Value: nil},
				))
			}
		}
		load.goesOn("behind what nobody can read")
	})
	for _, signal := range []string{"metrics", "logs"} {
		codes := map[string]int{}
		for _, letter := range letters(t, c, signal) {
			codes[letter.Code]++
			assert.NotEmpty(t, letter.Reason)
		}
		assert.Len(t, letters(t, c, signal), before[signal]+2*each, "%s: %v", signal, codes)
		assert.Equal(t, each, codes["undecodable"], signal)
		assert.Equal(t, each, codes["no_org"], signal)
	}
}

// seriesExplosion sends more series than an organisation may have: so many are stored, the rest
// are dead letters with the reason, and other organisations notice nothing. All are of one service
// and so of one partition: several that are read at once may pass the limit by a batch each.
func seriesExplosion(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	const limit, requests, each = cluster.MaxSeries, 30, 1000
	before := letters(t, c, "metrics")
	exploding := clientOf(c.Front).with(secondOrg(t, c.Front, "explosion"))
	at := time.Now().Add(-time.Minute)
	underLoad(t, c, "explosion", func(load *loadView) {
		for i := range requests {
			body := protobuf.metrics(t, otlpGauge("bomb", fmt.Sprintf("bb.bomb.%d", i), each, at))
			got := exploding.send(t, http.MethodPost, "/v1/metrics", body, map[string]string{"Content-Type": protobuf.contentType})
			require.Equal(t, http.StatusOK, got.status, "%s", got)
		}
		settled(t, c.Front)
	})
	dead := 0
	var org string
	for _, letter := range letters(t, c, "metrics")[len(before):] {
		dead += letter.Items
		assert.Equal(t, "series_limit", letter.Code)
		org = letter.Org
	}
	connection, err := pgx.Connect(t.Context(), c.Servers.PostgreSQL.DSN("metrics_"+c.Name))
	require.NoError(t, err)
	defer connection.Close(t.Context())
	var stored int
	require.NoError(t, connection.QueryRow(t.Context(), "SELECT count(*) FROM pharos.metrics WHERE metric_name LIKE 'bb_bomb_%' AND org_id = $1::uuid", org).Scan(&stored))
	assert.Equal(t, requests*each, stored+dead, "stored or told of")
	var series int
	require.NoError(t, connection.QueryRow(t.Context(), "SELECT count(*) FROM pharos.series WHERE org_id = $1::uuid", org).Scan(&series))
	assert.LessOrEqual(t, series, limit)
	assert.Greater(t, series, limit*9/10)
}
