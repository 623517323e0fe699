package logs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	store, err := Open(dir, DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	return store
}

// writeJournal makes the journal of a process that was killed before the engine had anything.
func writeJournal(t *testing.T, dir string, records ...[]byte) string {
	t.Helper()
	orgs, err := openOrgTable(filepath.Join(dir, "orgs.json"))
	require.NoError(t, err)
	_, err = orgs.allocate(testOrg)
	require.NoError(t, err)
	path := filepath.Join(dir, "journal")
	journal, err := openJournal(path)
	require.NoError(t, err)
	for _, record := range records {
		_, err = journal.append(record)
		require.NoError(t, err)
	}
	require.NoError(t, journal.close())
	return path
}

func encodeLogs(t *testing.T, logs plog.Logs) []byte {
	t.Helper()
	var b batch
	now := time.Now()
	require.NoError(t, b.build(t.Context(), 1, logs, newSeenTable(), window{0, now.Add(time.Hour).UnixNano()}, now))
	b.rows.release()
	return b.encoder.buf
}

func observedLogger() (*zap.Logger, *observer.ObservedLogs) {
	core, logs := observer.New(zapcore.InfoLevel)
	return zap.New(core), logs
}

func TestTornSegmentLosesOnlyItsEnd(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	journal := writeJournal(t, dir, encodeLogs(t, testLogs("whole", batchSize, now)), encodeLogs(t, testLogs("torn", batchSize, now)))
	segment := filepath.Join(journal, "00000000")
	info, err := os.Stat(segment)
	require.NoError(t, err)
	// Cut into the second record; wlog fills pages with zeros, so find its last byte.
	text, err := os.ReadFile(segment)
	require.NoError(t, err)
	end := len(text)
	for end > 0 && text[end-1] == 0 {
		end--
	}
	require.NoError(t, os.Truncate(segment, int64(end-100)), "of %d", info.Size())

	logger, logged := observedLogger()
	store, err := Open(dir, DefaultConfig(), logger)
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	assert.NotEmpty(t, logged.FilterMessageSnippet("torn record").All())
	assert.Equal(t, map[string]int{"whole": batchSize}, batchesIn(t, store))
	// What was not acknowledged is sent again.
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("torn", batchSize, now)))
	assert.Equal(t, map[string]int{"whole": batchSize, "torn": batchSize}, batchesIn(t, store))
}

func TestReplayHonoursDeletions(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	deletion := []byte{kindDelete}
	deletion = append(deletion, 1)                        // the organisation
	deletion = append(deletion, 0)                        // from 1970
	deletion = appendVarint(deletion, now.UnixNano()+1e9) // to
	deletion = appendText(deletion, "gone or id:before-1")
	writeJournal(t, dir,
		encodeLogs(t, testLogs("before", 3, now)), encodeLogs(t, testLogs("gone", 3, now)),
		deletion, encodeLogs(t, testLogs("gone.later", 3, now)))
	assert.Equal(t, map[string]int{"before": 2, "gone.later": 3}, batchesIn(t, open(t, dir)))
}

func appendVarint(dst []byte, value int64) []byte {
	for encoded := uint64(value) << 1; ; encoded >>= 7 {
		if encoded < 0x80 {
			return append(dst, byte(encoded))
		}
		dst = append(dst, byte(encoded)|0x80)
	}
}

func TestReplayAddsOnlyWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	store, err := Open(dir, DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("batch", 30, now)))
	require.NoError(t, store.Close())
	// The journal of before, with more rows than the engine has.
	writeJournal(t, dir, encodeLogs(t, testLogs("batch", 50, now)), encodeLogs(t, testLogs("other", 2, now)))
	assert.Equal(t, map[string]int{"batch": 50, "other": 2}, batchesIn(t, open(t, dir)))
}

func TestCorruptDayIsQuarantined(t *testing.T) {
	damages := map[string]func(t *testing.T, part string){
		"metadata is garbled": func(t *testing.T, part string) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(part, "metadata.json"), []byte("{"), 0o600))
		},
		"index is garbled": func(t *testing.T, part string) {
			t.Helper()
			path := filepath.Join(part, "metaindex.bin")
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for i := range text {
				text[i] = 'x'
			}
			require.NoError(t, os.WriteFile(path, text, 0o600))
		},
		"values are cut": func(t *testing.T, part string) {
			t.Helper()
			require.NoError(t, os.Truncate(filepath.Join(part, "message_values.bin"), 1))
		},
		"file is missing": func(t *testing.T, part string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(part, "timestamps.bin")))
		},
		"part is missing": func(t *testing.T, part string) {
			t.Helper()
			require.NoError(t, os.RemoveAll(part))
		},
		"list of parts is garbled": func(t *testing.T, part string) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(part), "parts.json"), []byte("["), 0o600))
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			now := time.Now().UTC().Truncate(24 * time.Hour)
			store, err := Open(dir, DefaultConfig(), zaptest.NewLogger(t))
			require.NoError(t, err)
			require.NoError(t, store.Write(t.Context(), testOrg, testLogs("bad", 10, now.Add(-30*time.Hour))))
			require.NoError(t, store.Write(t.Context(), testOrg, testLogs("good", 10, now.Add(-time.Hour))))
			require.NoError(t, store.Close())
			day := now.Add(-30 * time.Hour).Format("20060102")
			parts, err := filepath.Glob(filepath.Join(dir, "data", "partitions", day, "datadb", "*", "metadata.json"))
			require.NoError(t, err)
			require.NotEmpty(t, parts)
			damage(t, filepath.Dir(parts[0]))

			logger, logged := observedLogger()
			store, err = Open(dir, DefaultConfig(), logger)
			require.NoError(t, err)
			assert.Equal(t, map[string]int{"good": 10}, batchesIn(t, store))
			messages := logged.FilterMessageSnippet("a day of logs is damaged").All()
			require.Len(t, messages, 1)
			assert.Equal(t, day, messages[0].ContextMap()["day"])
			// The day takes new records.
			require.NoError(t, store.Write(t.Context(), testOrg, testLogs("new", 10, now.Add(-30*time.Hour))))
			assert.Equal(t, map[string]int{"good": 10, "new": 10}, batchesIn(t, store))
			require.NoError(t, store.Close())
			moved, err := os.ReadDir(filepath.Join(dir, "quarantine"))
			require.NoError(t, err)
			assert.Len(t, moved, 1)
		})
	}
}

func TestFullDiskRefusesWritesAndServesReads(t *testing.T) {
	store := open(t, t.TempDir())
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("before", 3, time.Now())))
	free := store.freeBytes
	store.freeBytes = func(string) uint64 { return 1 << 20 }
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(store.Write(t.Context(), testOrg, testLogs("during", 3, time.Now()))))
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(store.Health(t.Context())))
	assert.Equal(t, map[string]int{"before": 3}, batchesIn(t, store))
	store.freeBytes = free
	require.NoError(t, store.Health(t.Context()))
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("during", 3, time.Now())))
	assert.Equal(t, map[string]int{"before": 3, "during": 3}, batchesIn(t, store))
}

func TestFailedAppendIsNotRemembered(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("first", 3, time.Now())))
	store.journal.mu.Lock()
	store.journal.broken = true // as after an error of the disk: the next append begins a segment
	store.journal.mu.Unlock()
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("second", 3, time.Now())))
	segments, err := listSegments(filepath.Join(dir, "journal"))
	require.NoError(t, err)
	assert.Equal(t, []int{0, 1}, segments)
}

func TestRecordsOverTheLimitsAreRefused(t *testing.T) {
	store := open(t, t.TempDir())
	logs := testLogs("limits", 4, time.Now())
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	records.At(0).Body().SetStr(string(make([]byte, maxRowBytes+1)))
	records.At(1).Attributes().PutStr(fmt.Sprintf("%0200d", 1), "x")
	for i := range maxFields + 1 {
		records.At(2).Attributes().PutInt(fmt.Sprint(i), 1)
	}
	report := &rejection.Report{}
	require.NoError(t, store.Write(rejection.NewContext(t.Context(), report), testOrg, logs))
	assert.Equal(t, map[string]int{"limits": 1}, batchesIn(t, store))
	var reasons []string
	for _, item := range report.Items() {
		reasons = append(reasons, item.Key+" "+item.Reason)
	}
	assert.Equal(t, []string{"limits-0 too_large", "limits-1 label_invalid", "limits-2 label_limit"}, reasons)
}

func TestTailEndsWhenTheStoreCloses(t *testing.T) {
	store, err := Open(t.TempDir(), DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	ended := make(chan error)
	go func() {
		ended <- store.Tail(context.Background(), testOrg, nil, func([]storage.LogRecord, int) error { return nil })
	}()
	require.NoError(t, store.Close())
	assert.Equal(t, errcode.Unavailable, errcode.Of(<-ended))
}

func TestIDsAreForgottenAfterTheWindow(t *testing.T) {
	store := open(t, t.TempDir())
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("batch", 3, time.Now())))
	require.NoError(t, store.turn(time.Now().Add(store.cfg.DedupWindow+time.Minute)))
	assert.Empty(t, store.seen.entries)
}

func TestConfigValidate(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	tests := map[string]func(c *Config){
		"retention":       func(c *Config) { c.Retention = time.Hour },
		"retention_bytes": func(c *Config) { c.RetentionBytes = -1 },
		"memory_bytes":    func(c *Config) { c.MemoryBytes = 1 },
		"future_window":   func(c *Config) { c.FutureWindow = -1 },
		"past_window":     func(c *Config) { c.PastWindow = c.Retention + 1 },
		"dedup_window":    func(c *Config) { c.DedupWindow = 0 },
		"min_free_bytes":  func(c *Config) { c.MinFreeBytes = -1 },
	}
	for field, change := range tests {
		t.Run(field, func(t *testing.T) {
			cfg := DefaultConfig()
			change(&cfg)
			var coded *errcode.Error
			require.ErrorAs(t, cfg.Validate(), &coded)
			assert.Equal(t, field, coded.Field)
			assert.NotEmpty(t, coded.Fix)
			_, err := Open(t.TempDir(), cfg, zap.NewNop())
			assert.Error(t, err)
		})
	}
}

func TestSyncedWrites(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Sync = true
	store, err := Open(t.TempDir(), cfg, zaptest.NewLogger(t))
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	done := make(chan error)
	for i := range 8 {
		go func() {
			done <- store.Write(context.Background(), testOrg, testLogs(fmt.Sprintf("b%d", i), 5, time.Now()))
		}()
	}
	for range 8 {
		require.NoError(t, <-done)
	}
	assert.Equal(t, store.journal.count, store.journal.synced)
	assert.Len(t, batchesIn(t, store), 8)
}

func TestTranslatedFiltersParse(t *testing.T) {
	for _, text := range []string{"", "a b", `"a b"*`, "x:>1", "x:range(1, 2]", "time:>=2026-01-02T03:04:05Z", "id:a-1", "id:a", `x:~"a|b"`, "x:in(a,b)", `"we\"ird":x`, "-x:*"} {
		filter, err := logfilter.Parse(text)
		require.NoError(t, err)
		query, err := translate(filter)
		require.NoError(t, err)
		_, err = logstorage.ParseQuery(query)
		require.NoError(t, err, "%s became %s", text, query)
	}
	_, err := translate(logfilter.FieldEquals("a*", "x"))
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
}

func TestOrgNumbersLast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orgs.json")
	for range 3 {
		table, err := openOrgTable(path)
		require.NoError(t, err)
		for i, org := range []storage.OrgID{"a", "b", "c"} {
			number, err := table.allocate(org)
			require.NoError(t, err)
			assert.Equal(t, uint32(i+1), number)
		}
	}
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	_, err := openOrgTable(path)
	assert.ErrorContains(t, err, path)
}

func TestInvalidID(t *testing.T) {
	for _, id := range []string{"", "x", "-1", "a-", "a-01", "a-b", "a-+1"} {
		_, _, ok := logrecord.SplitID(id)
		assert.False(t, ok, id)
	}
}
