package logs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// The crash tests run this test binary again as a writer that they kill.
const (
	crashDir   = "PHAROS_TEST_CRASH_DIR"
	crashMode  = "PHAROS_TEST_CRASH_MODE" // write, or flush
	crashRetry = "PHAROS_TEST_CRASH_RETRY"
	crashRound = "PHAROS_TEST_CRASH_ROUND"
)

const testOrg storage.OrgID = "11111111-2222-3333-4444-555555555555"

const batchSize = 50

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := crashWriter(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// testLogs makes a batch of records with ids.
func testLogs(batch string, count int, at time.Time) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "crash")
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for i := range count {
		record := records.AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
		record.Body().SetStr(fmt.Sprintf("message %d of %s", i, batch))
		record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("%s-%d", batch, i))
	}
	return logs
}

// crashWriter writes until it is killed, and prints the batches that were acknowledged.
func crashWriter(dir string) error {
	store, err := Open(dir, DefaultConfig(), zap.NewNop())
	if err != nil {
		return err
	}
	for batch := range strings.FieldsSeq(os.Getenv(crashRetry)) {
		if err := store.Write(context.Background(), testOrg, testLogs(batch, batchSize, time.Now())); err != nil {
			return err
		}
	}
	if os.Getenv(crashMode) == "flush" {
		return crashAfterFlush(store)
	}
	var group sync.WaitGroup
	var out sync.Mutex
	for writer := range 3 {
		group.Go(func() {
			for n := 0; ; n++ {
				batch := fmt.Sprintf("r%s.w%d.n%d", os.Getenv(crashRound), writer, n)
				logs := testLogs(batch, batchSize, time.Now())
				err := store.Write(context.Background(), testOrg, logs)
				if err == nil && n%3 == 0 {
					err = store.Write(context.Background(), testOrg, logs) // a retry
				}
				out.Lock()
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
				} else {
					fmt.Println(batch)
				}
				out.Unlock()
				time.Sleep(3 * time.Millisecond) // the test is about killing, not about load
			}
		})
	}
	group.Wait()
	return nil
}

// crashAfterFlush writes a batch, lets the engine put it on the disk and drops it from the journal.
func crashAfterFlush(store *Store) error {
	if err := store.Write(context.Background(), testOrg, testLogs("flushed", batchSize, time.Now())); err != nil {
		return err
	}
	now := time.Now()
	if err := store.turn(now); err != nil {
		return err
	}
	for {
		var stats logstorage.StorageStats
		store.engine.UpdateStats(&stats)
		if stats.SmallPartRowsCount == batchSize {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := store.turn(now.Add(epochAge)); err != nil {
		return err
	}
	if len(store.epochs.past) != 0 {
		return fmt.Errorf("%d epochs are there still", len(store.epochs.past))
	}
	fmt.Println("flushed")
	select {}
}

// runAndKill runs the writer and kills it a while after its first acknowledgement. It returns the batches
// that were acknowledged.
func runAndKill(t *testing.T, after time.Duration, env ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), env...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	reader := bufio.NewReader(stdout)
	first, err := reader.ReadString('\n')
	require.NoError(t, err)
	time.AfterFunc(after, func() { _ = command.Process.Kill() })
	rest, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Error(t, command.Wait(), "the writer was killed")
	text := first + string(rest)
	// The last line may be cut; it was acknowledged, and need not be counted.
	return strings.Fields(text[:strings.LastIndexByte(text, '\n')])
}

// batchesIn counts the records of every batch in a store, and fails for a record that is there twice.
func batchesIn(t *testing.T, store *Store) map[string]int {
	t.Helper()
	seen := map[string]bool{}
	counts := map[string]int{}
	query := storage.LogQuery{Limit: 50_000}
	for {
		page, err := store.Search(t.Context(), testOrg, query)
		require.NoError(t, err)
		for _, record := range page.Records {
			require.False(t, seen[record.ID], "%s is there twice", record.ID)
			seen[record.ID] = true
			batch, _, ok := logrecord.SplitID(record.ID)
			require.True(t, ok)
			counts[batch]++
		}
		if query.Cursor = page.Next; page.Next == "" {
			return counts
		}
	}
}

func TestKilledWritersLoseNothing(t *testing.T) {
	dir := t.TempDir()
	var acknowledged, retry []string
	for round := range 6 {
		after := time.Duration(50+rand.IntN(500)) * time.Millisecond
		if round == 4 {
			after = 2*flushInterval + 500*time.Millisecond // parts were written meanwhile
		}
		acked := runAndKill(t, after, crashDir+"="+dir, fmt.Sprintf("%s=%d", crashRound, round), crashRetry+"="+strings.Join(retry, " "))
		require.NotEmpty(t, acked)
		acknowledged = append(acknowledged, acked...)
		retry = acked[max(0, len(acked)-20):]
	}
	store, err := Open(dir, DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	for _, batch := range retry {
		require.NoError(t, store.Write(t.Context(), testOrg, testLogs(batch, batchSize, time.Now())))
	}
	counts := batchesIn(t, store)
	for _, batch := range acknowledged {
		assert.Equal(t, batchSize, counts[batch], "acknowledged batch %s", batch)
	}
	for batch, count := range counts {
		assert.Equal(t, batchSize, count, "batch %s", batch)
	}
	t.Logf("%d batches acknowledged, %d stored", len(acknowledged), len(counts))
}

func TestIDsOutliveTheirJournalSegment(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, []string{"flushed"}, runAndKill(t, 0, crashDir+"="+dir, crashMode+"=flush"))
	store, err := Open(dir, DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("flushed", batchSize+1, time.Now())))
	assert.Equal(t, map[string]int{"flushed": batchSize + 1}, batchesIn(t, store))
}
