package metrics

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

const acme storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000a"

func openOrg(t *testing.T, store *Store) storage.OrgMetrics {
	t.Helper()
	org, err := store.Open(t.Context(), acme)
	require.NoError(t, err)
	return org
}

func appendTo(t *testing.T, org storage.OrgMetrics, name string, at int64) error {
	t.Helper()
	app := org.AppenderV2(t.Context())
	if _, err := app.Append(0, labels.FromStrings("__name__", name), 0, at, 1, nil, nil, promstorage.AppendV2Options{}); err != nil {
		return errors.Join(err, app.Rollback())
	}
	return app.Commit()
}

// times returns the times of a series' samples.
func times(t *testing.T, org storage.OrgMetrics, name string) []int64 {
	t.Helper()
	querier, err := org.Querier(0, time.Now().Add(time.Hour).UnixMilli())
	require.NoError(t, err)
	defer func() { require.NoError(t, querier.Close()) }()
	var found []int64
	set := querier.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", name))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			found = append(found, it.AtT())
		}
	}
	require.NoError(t, set.Err())
	return found
}

// copyDir copies what another process would find after this one was killed.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

// lastSegment returns the newest segment of the organisation's write-ahead log.
func lastSegment(t *testing.T, dir string) string {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, string(acme), "wal", "0*"))
	require.NoError(t, err)
	require.NotEmpty(t, segments)
	return slices.Max(segments)
}

func TestCommittedSurvivesTheDeathOfTheProcess(t *testing.T) {
	dir, now := t.TempDir(), time.Now().UnixMilli()
	store := open(t, dir, DefaultConfig())
	defer func() { require.NoError(t, store.Close()) }()
	org := openOrg(t, store)
	defer func() { require.NoError(t, org.Close()) }()
	var want []int64
	for i := range int64(100) {
		at := now - 100_000 + i*1000
		require.NoError(t, appendTo(t, org, "up", at))
		want = append(want, at)
		if i%10 == 9 { // out of order
			require.NoError(t, appendTo(t, org, "up", at-500_000))
			want = append(want, at-500_000)
			slices.Sort(want)
		}
		if i%25 != 24 {
			continue
		}
		survivor := open(t, copyDir(t, dir), DefaultConfig())
		again := openOrg(t, survivor)
		assert.Equal(t, want, times(t, again, "up"))
		require.NoError(t, again.Close())
		require.NoError(t, survivor.Close())
	}
}

// TestDeathsInARow kills the process twice while samples out of order fill chunks that are not yet
// in the file of chunks. The replay between writes part of them there, after those of samples in
// order; the one after it must not take the rest for written.
func TestDeathsInARow(t *testing.T) {
	const series, inOrder, outOfOrder = 1500, 250, 256
	dir, now := t.TempDir(), time.Now().UnixMilli()
	random := rand.New(rand.NewPCG(1, 2))
	for life := range 3 {
		store := open(t, dir, DefaultConfig())
		org := openOrg(t, store)
		for i := range series * (1 - min(life, 1)) { // only the first life writes
			app := org.AppenderV2(t.Context())
			ls := labels.FromStrings("__name__", "filler", "n", strconv.Itoa(i))
			for j := range int64(inOrder + outOfOrder) {
				at := now - 1_000_000 + j*1000
				if j >= inOrder {
					at -= 1_000_000
				}
				_, err := app.Append(0, ls, 0, at, random.Float64(), nil, nil, promstorage.AppendV2Options{})
				require.NoError(t, err)
			}
			require.NoError(t, app.Commit())
		}
		found := len(times(t, org, "filler"))
		assert.Equal(t, series*(inOrder+outOfOrder), found, "life %d", life)
		next := copyDir(t, dir)
		require.NoError(t, org.Close())
		require.NoError(t, store.Close())
		dir = next
	}
}

// TestDeathWithoutRoom starts after a death on a disk with too little room to settle: what is
// there can be read, nothing is taken until there is room, and then writing goes on by itself.
func TestDeathWithoutRoom(t *testing.T) {
	dir, now := t.TempDir(), time.Now().UnixMilli()
	first := open(t, dir, DefaultConfig())
	org := openOrg(t, first)
	require.NoError(t, appendTo(t, org, "up", now-1000))
	require.NoError(t, appendTo(t, org, "up", now-2000), "out of order")
	next := copyDir(t, dir)
	require.NoError(t, org.Close())
	require.NoError(t, first.Close())

	store := open(t, next, DefaultConfig())
	defer func() { require.NoError(t, store.Close()) }()
	var free atomic.Uint64
	store.space.free = func(string) (uint64, error) { return free.Load(), nil }
	store.space.min = 1
	free.Store(1 << 20)
	cramped := openOrg(t, store)
	assert.Equal(t, []int64{now - 2000, now - 1000}, times(t, cramped, "up"))
	err := appendTo(t, cramped, "up", now)
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(err))
	require.ErrorContains(t, err, "which needs 48 MiB, and 1 MiB are free")
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(store.Health(t.Context())))
	assert.FileExists(t, filepath.Join(next, string(acme), unsettledFile))
	require.NoError(t, cramped.Close())

	free.Store(1 << 30)
	roomy := openOrg(t, store)
	defer func() { require.NoError(t, roomy.Close()) }()
	require.NoError(t, appendTo(t, roomy, "up", now))
	assert.Equal(t, []int64{now - 2000, now - 1000, now}, times(t, roomy, "up"))
	require.NoError(t, store.Health(t.Context()))
	assert.NoFileExists(t, filepath.Join(next, string(acme), unsettledFile))
}

// TestSeriesOfAnUnfinishedAppender commits a sample of a series that another appender created
// and has not committed. Replay must know the series before it meets the sample.
func TestSeriesOfAnUnfinishedAppender(t *testing.T) {
	dir, now := t.TempDir(), time.Now().UnixMilli()
	store := open(t, dir, DefaultConfig())
	defer func() { require.NoError(t, store.Close()) }()
	org := openOrg(t, store)
	defer func() { require.NoError(t, org.Close()) }()
	unfinished := org.AppenderV2(t.Context())
	_, err := unfinished.Append(0, labels.FromStrings("__name__", "up"), 0, now-1000, 1, nil, nil, promstorage.AppendV2Options{})
	require.NoError(t, err)
	require.NoError(t, appendTo(t, org, "up", now))

	survivor := open(t, copyDir(t, dir), DefaultConfig())
	again := openOrg(t, survivor)
	assert.Equal(t, []int64{now}, times(t, again, "up"))
	require.NoError(t, again.Close())
	require.NoError(t, survivor.Close())
	require.NoError(t, unfinished.Commit())
}

func TestConcurrentAppendersOfNewSeries(t *testing.T) {
	dir, now := t.TempDir(), time.Now().UnixMilli()
	store := open(t, dir, DefaultConfig())
	var group sync.WaitGroup
	var failed atomic.Int64
	for worker := range int64(8) {
		group.Go(func() {
			org, err := store.Open(t.Context(), acme)
			if err != nil {
				failed.Add(1)
				return
			}
			defer func() { _ = org.Close() }()
			for i := range int64(50) {
				if appendTo(t, org, "up"+string(rune('a'+i%26)), now-worker*1000-i) != nil {
					failed.Add(1)
				}
			}
		})
	}
	group.Wait()
	assert.Zero(t, failed.Load())
	survivor := open(t, copyDir(t, dir), DefaultConfig())
	org := openOrg(t, survivor)
	total := 0
	for name := 'a'; name <= 'z'; name++ {
		total += len(times(t, org, "up"+string(name)))
	}
	assert.Equal(t, 8*50, total)
	require.NoError(t, org.Close())
	require.NoError(t, survivor.Close())
	require.NoError(t, store.Close())
}

func TestTornLogIsRepairedAndSaid(t *testing.T) {
	for name, tear := range map[string]func(t *testing.T, segment string){
		"cut": func(t *testing.T, segment string) {
			t.Helper()
			info, err := os.Stat(segment)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(segment, info.Size()-12))
		},
		"flipped bits": func(t *testing.T, segment string) {
			t.Helper()
			content, err := os.ReadFile(segment)
			require.NoError(t, err)
			content[len(content)-2] ^= 0xff
			require.NoError(t, os.WriteFile(segment, content, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, now := t.TempDir(), time.Now().UnixMilli()
			store := open(t, dir, DefaultConfig())
			org := openOrg(t, store)
			require.NoError(t, appendTo(t, org, "up", now-2000))
			require.NoError(t, appendTo(t, org, "up", now-1000))
			torn := copyDir(t, dir)
			tear(t, lastSegment(t, torn))
			require.NoError(t, org.Close())
			require.NoError(t, store.Close())

			core, logs := observer.New(zapcore.WarnLevel)
			again, err := Open(torn, DefaultConfig(), zap.New(core))
			require.NoError(t, err)
			org = openOrg(t, again)
			assert.Equal(t, []int64{now - 2000}, times(t, org, "up"))
			assert.NotZero(t, logs.Len(), "the repair is in the log")
			require.NoError(t, appendTo(t, org, "up", now))
			require.NoError(t, org.Close())
			require.NoError(t, again.Close())

			final := open(t, torn, DefaultConfig())
			org = openOrg(t, final)
			assert.Equal(t, []int64{now - 2000, now}, times(t, org, "up"), "what follows the repair is kept")
			require.NoError(t, org.Close())
			require.NoError(t, final.Close())
		})
	}
}

func TestCorruptBlockIsNamed(t *testing.T) {
	dir, now := t.TempDir(), time.Now().UnixMilli()
	store := open(t, dir, DefaultConfig())
	org := openOrg(t, store)
	require.NoError(t, appendTo(t, org, "up", now))
	require.NoError(t, appendTo(t, org, "up", now-3_600_000))
	require.NoError(t, org.(*handle).db.CompactOOOHead(t.Context()))
	require.NoError(t, org.Close())
	require.NoError(t, store.Close())
	indexes, err := filepath.Glob(filepath.Join(dir, string(acme), "*", "index"))
	require.NoError(t, err)
	require.NotEmpty(t, indexes)
	require.NoError(t, os.WriteFile(indexes[0], []byte("not an index"), 0o600))

	store = open(t, dir, DefaultConfig())
	defer func() { require.NoError(t, store.Close()) }()
	_, err = store.Open(t.Context(), acme)
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	require.ErrorContains(t, err, "move "+filepath.Dir(indexes[0])+" out of the way")
	require.Error(t, store.Health(t.Context()))

	require.NoError(t, os.Rename(filepath.Dir(indexes[0]), filepath.Join(t.TempDir(), "block")))
	require.Eventually(t, func() bool {
		org, err = store.Open(t.Context(), acme)
		return err == nil
	}, 10*time.Second, 50*time.Millisecond)
	assert.Contains(t, times(t, org, "up"), now)
	assert.NoError(t, store.Health(t.Context()))
	require.NoError(t, org.Close())
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Open(filepath.Join(file, "metrics"), DefaultConfig(), zap.NewNop())
	require.ErrorContains(t, err, file)
	require.ErrorContains(t, err, "give the user that runs pharos write access")
}

func TestDiskFull(t *testing.T) {
	store := open(t, t.TempDir(), DefaultConfig())
	defer func() { require.NoError(t, store.Close()) }()
	var free atomic.Uint64
	store.space.free = func(string) (uint64, error) { return free.Load(), nil }
	look := func() { store.space.checked = time.Time{} }
	org := openOrg(t, store)
	defer func() { require.NoError(t, org.Close()) }()
	now := time.Now().UnixMilli()
	free.Store(1 << 40)
	require.NoError(t, appendTo(t, org, "up", now-1000))

	free.Store(1 << 20)
	look()
	err := appendTo(t, org, "up", now)
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(err))
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(store.Health(t.Context())))
	assert.Equal(t, []int64{now - 1000}, times(t, org, "up"), "reads go on")

	free.Store(1 << 40)
	look()
	require.NoError(t, appendTo(t, org, "up", now))
	assert.NoError(t, store.Health(t.Context()))
}

// TestFailedWriteOpensAgain tears the log as a failed write does; what comes after must not
// be lost by the repair at the next start.
func TestFailedWriteOpensAgain(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, DefaultConfig())
	org := openOrg(t, store)
	now := time.Now().UnixMilli()
	require.NoError(t, appendTo(t, org, "up", now-2000))
	org.(*handle).db.fail(syscall.ENOSPC)
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(appendTo(t, org, "up", now-1000)))
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(store.Health(t.Context())))
	assert.Equal(t, []int64{now - 2000}, times(t, org, "up"), "reads go on")

	opened := make(chan storage.OrgMetrics)
	go func() {
		again, err := store.Open(t.Context(), acme)
		assert.NoError(t, err)
		opened <- again
	}()
	require.NoError(t, org.Close())
	again := <-opened
	require.NoError(t, appendTo(t, again, "up", now))
	assert.Equal(t, []int64{now - 2000, now}, times(t, again, "up"))
	assert.NoError(t, store.Health(t.Context()))
	require.NoError(t, again.Close())
	require.NoError(t, store.Close())
}

func TestIdleOrganisationsClose(t *testing.T) {
	cfg := DefaultConfig()
	cfg.IdleClose = 20 * time.Millisecond
	store := open(t, t.TempDir(), cfg)
	defer func() { require.NoError(t, store.Close()) }()
	org := openOrg(t, store)
	now := time.Now().UnixMilli()
	require.NoError(t, appendTo(t, org, "up", now))
	isOpen := func() bool {
		o := store.orgs[acme]
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.db != nil
	}
	assert.True(t, isOpen())
	require.NoError(t, org.Close())
	require.NoError(t, org.Close(), "closing again does nothing")
	require.Eventually(t, func() bool { return !isOpen() }, 10*time.Second, 5*time.Millisecond)
	org = openOrg(t, store)
	assert.Equal(t, []int64{now}, times(t, org, "up"))
	require.NoError(t, org.Close())
}

func TestRetentionHidesWhatIsPast(t *testing.T) {
	dir, now := t.TempDir(), time.Now().UnixMilli()
	cfg := DefaultConfig()
	store := open(t, dir, cfg)
	org := openOrg(t, store)
	require.NoError(t, appendTo(t, org, "up", now-7_200_000))
	require.NoError(t, appendTo(t, org, "up", now))
	require.NoError(t, org.Close())
	require.NoError(t, store.Close())
	cfg.RetentionTime = time.Hour
	store = open(t, dir, cfg)
	org = openOrg(t, store)
	assert.Equal(t, []int64{now}, times(t, org, "up"))
	require.NoError(t, org.Close())
	require.NoError(t, store.Close())
}

func TestInvalidConfig(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"out_of_order_window": func(c *Config) { c.OutOfOrderWindow = -1 },
		"retention_time":      func(c *Config) { c.RetentionTime = -1 },
		"retention_bytes":     func(c *Config) { c.RetentionBytes = -1 },
		"max_series":          func(c *Config) { c.MaxSeries = -1 },
		"max_exemplars":       func(c *Config) { c.MaxExemplars = -1 },
		"idle_close":          func(c *Config) { c.IdleClose = -1 },
		"min_free_bytes":      func(c *Config) { c.MinFreeBytes = -1 },
		"stripe_size":         func(c *Config) { c.StripeSize = 500 },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		_, err := Open(t.TempDir(), cfg, zap.NewNop())
		assert.ErrorContains(t, err, name+": ")
	}
}

func TestFamiliesFileWithTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), familiesFile)
	require.NoError(t, os.WriteFile(path, []byte(`{"name":"up","type":"gauge"}`+"\n"+`{"name":"do`), 0o600))
	for range 2 {
		families, err := openFamilies(path)
		require.NoError(t, err)
		assert.Len(t, families.table(), len(families.get("", 0)))
		assert.Contains(t, families.get("", 0), "up")
		require.NoError(t, families.add([]family{{Name: "down", Help: "new"}, {Name: "down", Help: "new"}}))
		assert.Len(t, families.get("down", 0)["down"], 1)
		require.NoError(t, families.close())
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Len(t, slices.Collect(lines(string(content))), 2)
}

func lines(content string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for start, i := 0, 0; i < len(content); i++ {
			if content[i] == '\n' {
				if !yield(content[start:i]) {
					return
				}
				start = i + 1
			}
		}
	}
}

// TestReadAroundDeletions reads ranges that begin and end before, in and after deletions, and a
// deletion that is later than all samples of a series.
func TestReadAroundDeletions(t *testing.T) {
	store := open(t, t.TempDir(), DefaultConfig())
	defer func() { require.NoError(t, store.Close()) }()
	org, err := store.Open(t.Context(), acme)
	require.NoError(t, err)
	defer func() { require.NoError(t, org.Close()) }()
	now := time.Now().Add(-time.Hour).Truncate(time.Second)
	app := org.AppenderV2(t.Context())
	for n := range int64(100) {
		_, err := app.Append(0, labels.FromStrings("__name__", "up"), 0, now.UnixMilli()+n, 1, nil, nil, promstorage.AppendV2Options{})
		require.NoError(t, err)
	}
	_, err = app.Append(0, labels.FromStrings("__name__", "other"), 0, now.UnixMilli()+1000, 1, nil, nil, promstorage.AppendV2Options{})
	require.NoError(t, err)
	require.NoError(t, app.Commit())
	at := func(n int64) time.Time { return time.UnixMilli(now.UnixMilli() + n) }
	up := labels.MustNewMatcher(labels.MatchEqual, "__name__", "up")
	for _, gone := range [][2]int64{{20, 29}, {60, 79}, {500, 600}, {90, 10}} {
		require.NoError(t, org.Delete(t.Context(), at(gone[0]), at(gone[1]), up))
	}
	there := func(n int64) bool { return n < 20 || n > 29 && n < 60 || n > 79 }
	for from := int64(0); from < 100; from += 7 {
		for to := from; to < 120; to += 5 {
			for _, hinted := range []bool{false, true} {
				querier, err := org.Querier(at(from).UnixMilli(), at(to).UnixMilli())
				require.NoError(t, err)
				var hints *promstorage.SelectHints
				if hinted {
					hints = &promstorage.SelectHints{Start: at(from).UnixMilli(), End: at(to).UnixMilli()}
				}
				set := querier.Select(t.Context(), true, hints, up)
				var got, want []int64
				for n := from; n <= min(to, 99); n++ {
					if there(n) {
						want = append(want, n)
					}
				}
				for set.Next() {
					it := set.At().Iterator(nil)
					for it.Next() != chunkenc.ValNone {
						got = append(got, it.AtT()-now.UnixMilli())
					}
					require.NoError(t, it.Err())
				}
				require.NoError(t, set.Err())
				require.Equal(t, want, got, "%d to %d", from, to)
				require.NoError(t, querier.Close())
			}
		}
	}
}
