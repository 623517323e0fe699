package livelogs

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const acme, other storage.OrgID = "acme", "other"

func logs(batch string, count int) plog.Logs {
	all := plog.NewLogs()
	resource := all.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for n := range count {
		record := records.AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		record.SetSeverityText([]string{"info", "error"}[n%2])
		record.Body().SetStr(fmt.Sprintf("line %d", n))
		record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("%s-%d", batch, n))
	}
	return all
}

// TestTail writes a batch twice, as a gateway does whose answer was lost.
func TestTail(t *testing.T) {
	store := New()
	require.NoError(t, store.Write(t.Context(), acme, logs("early", 2)))
	filter, err := logfilter.Parse("level:error")
	require.NoError(t, err)
	got := make(chan storage.LogRecord, 100)
	ended := make(chan error)
	go func() {
		ended <- store.Tail(t.Context(), acme, filter, func(records []storage.LogRecord, _ int) error {
			for _, record := range records {
				got <- record
			}
			return nil
		})
	}()
	require.Eventually(t, func() bool { return store.hub.Wanted(acme) }, time.Minute, time.Millisecond)
	for range 2 {
		require.NoError(t, store.Write(t.Context(), acme, logs("batch", 4)))
	}
	require.NoError(t, store.Write(t.Context(), other, logs("batch", 4)))
	require.NoError(t, store.Write(t.Context(), acme, logs("last", 2)))
	for _, want := range []string{"batch-1", "batch-3", "last-1"} {
		record := <-got
		assert.Equal(t, want, record.ID)
		assert.Equal(t, "checkout", record.Service)
		assert.Equal(t, "error", record.Level)
	}
	unnamed := logs("unnamed", 1)
	unnamed.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Clear()
	assert.Equal(t, errcode.Invalid, errcode.Of(store.Write(t.Context(), acme, unnamed)))
	require.NoError(t, store.Health(t.Context()))
	require.NoError(t, store.Close())
	assert.Equal(t, errcode.Unavailable, errcode.Of(<-ended))
	assert.Empty(t, got)
	assert.Equal(t, errcode.Unavailable, errcode.Of(store.Health(t.Context())))
	assert.Equal(t, errcode.Unavailable, errcode.Of(store.Write(t.Context(), acme, logs("late", 1))))
}

func TestMemoryIsBounded(t *testing.T) {
	store := New()
	for n := range memory + 100 {
		assert.True(t, store.isNew(acme, fmt.Sprint(n)))
	}
	assert.Len(t, store.seen, memory)
	assert.Len(t, store.ring, memory)
	assert.False(t, store.isNew(acme, fmt.Sprint(memory)))
	assert.True(t, store.isNew(other, fmt.Sprint(memory)), "of another organisation")
	assert.True(t, store.isNew(acme, "0"), "it was forgotten")
}

func TestKeepsNothing(t *testing.T) {
	store := New()
	_, err := store.Search(t.Context(), acme, storage.LogQuery{})
	assert.Equal(t, errcode.Unimplemented, errcode.Of(err))
	_, err = store.Histogram(t.Context(), acme, storage.HistogramQuery{})
	assert.Equal(t, errcode.Unimplemented, errcode.Of(err))
	_, err = store.Fields(t.Context(), acme, storage.FieldsQuery{})
	assert.Equal(t, errcode.Unimplemented, errcode.Of(err))
	deleted, err := store.Delete(t.Context(), acme, nil, time.Time{}, time.Now())
	require.NoError(t, err)
	assert.Zero(t, deleted)
	stats, err := store.LogStats(t.Context(), acme)
	require.NoError(t, err)
	assert.Zero(t, stats)
	assert.Zero(t, store.Retention())
}
