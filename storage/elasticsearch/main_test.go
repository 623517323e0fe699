package elasticsearch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/test/servers"
)

const testOrg storage.OrgID = "5ab35aa1-8a5c-4b0e-9d6d-0c7b2a6f1111"

// shared is the server of all tests that don't stop theirs.
var shared struct {
	once   sync.Once
	server *servers.Elasticsearch
	err    error
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if shared.server != nil {
		shared.server.Stop()
		_ = os.RemoveAll(shared.server.Dir)
	}
	os.Exit(code)
}

// endpoint returns where the shared server is, and starts it for the first test that asks.
// PHAROS_TEST_ELASTICSEARCH names one that runs already.
func endpoint(tb testing.TB) string {
	tb.Helper()
	if url := os.Getenv("PHAROS_TEST_ELASTICSEARCH"); url != "" {
		return url
	}
	if testing.Short() {
		tb.Skip("real servers are for `make test`")
	}
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "pharos-server-") //nolint:usetesting // it outlives the test, and the server has another account
		if err == nil {
			err = os.Chmod(dir, 0o755) // for the server's account
		}
		if err != nil {
			shared.err = err
			return
		}
		shared.server, shared.err = servers.StartElasticsearch(context.Background(), dir)
	})
	require.NoError(tb, shared.err)
	return shared.server.URL
}

// testConfig is for one test: what is written is found at once, in indices of the name.
func testConfig(endpoint, name string) Config {
	sum := sha256.Sum256([]byte(name))
	cfg := DefaultConfig()
	cfg.Endpoints = []string{endpoint}
	cfg.IndexPrefix = "test-" + hex.EncodeToString(sum[:6])
	cfg.Replicas = 0
	cfg.Refresh = refreshNow
	cfg.MaintainEvery = 0
	return cfg
}

// openConfig opens a store, waits until it is ready, and drops its indices after the test.
func openConfig(tb testing.TB, cfg Config) *Store {
	tb.Helper()
	store, err := Open(tb.Context(), cfg, zaptest.NewLogger(tb, zaptest.Level(zap.WarnLevel)))
	require.NoError(tb, err)
	tb.Cleanup(func() {
		_ = store.Close()
		client, err := newClient(cfg)
		require.NoError(tb, err)
		defer client.close()
		// The server may be gone: then so are they.
		_ = client.do(context.Background(), esapi.IndicesDeleteRequest{Index: []string{cfg.IndexPrefix + "-*"}}, nil)
		_ = client.do(context.Background(), esapi.IndicesDeleteIndexTemplateRequest{Name: cfg.IndexPrefix}, nil)
	})
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	require.NoError(tb, store.AwaitReady(ctx))
	return store
}

// openTest opens a store on the shared server, for one test.
func openTest(tb testing.TB, change ...func(*Config)) *Store {
	tb.Helper()
	cfg := testConfig(endpoint(tb), tb.Name()+fmt.Sprint(time.Now().UnixNano()))
	for _, set := range change {
		set(&cfg)
	}
	return openConfig(tb, cfg)
}

// testLogs makes records a millisecond apart that begin at a time.
func testLogs(batch string, first, count int, start time.Time) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	resource.Resource().Attributes().PutStr("host.name", "web-1")
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for i := first; i < first+count; i++ {
		record := records.AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(i) * time.Millisecond)))
		record.SetSeverityNumber(plog.SeverityNumberInfo)
		record.Body().SetStr(fmt.Sprintf("GET /api/cart/%d 200 in %dms", i, i%97))
		record.Attributes().PutInt("http.status", 200)
		record.Attributes().PutStr("user_agent", "Mozilla/5.0 (X11; Linux)")
		record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("%s-%d", batch, i))
	}
	return logs
}

// write writes and returns what was refused.
func write(ctx context.Context, store *Store, logs plog.Logs) ([]rejection.Item, error) {
	report := &rejection.Report{}
	err := store.Write(rejection.NewContext(ctx, report), testOrg, logs)
	return report.Items(), err
}

// count returns how many records can be found.
func count(tb testing.TB, store *Store) int {
	tb.Helper()
	require.NoError(tb, store.refresh(tb.Context(), []string{store.classes.pattern()}))
	buckets, err := store.Histogram(tb.Context(), testOrg, storage.HistogramQuery{Step: 24 * time.Hour})
	require.NoError(tb, err)
	total := 0
	for _, bucket := range buckets {
		total += int(bucket.Count)
	}
	return total
}
