package tiered

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/livelogs"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// searched is a durable store that has no tail.
type searched struct {
	storage.LogStore
	closed bool
}

func (s *searched) Search(context.Context, storage.OrgID, storage.LogQuery) (storage.LogPage, error) {
	return storage.LogPage{Next: "durable"}, nil
}

func (s *searched) Tail(context.Context, storage.OrgID, *logfilter.Filter, func([]storage.LogRecord, int) error) error {
	return errcode.New(errcode.Unimplemented, "no tail")
}

func (s *searched) Close() error {
	s.closed = true
	return nil
}

func TestLogs(t *testing.T) {
	durable, live := &searched{}, livelogs.New()
	joined := NewLogs(durable, live)
	page, err := joined.Search(t.Context(), testOrg, storage.LogQuery{})
	require.NoError(t, err)
	assert.Equal(t, "durable", page.Next)

	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.Attributes().PutStr(logrecord.IDAttribute, "batch-0")
	enough := errors.New("enough")
	ended := make(chan error)
	go func() {
		ended <- joined.Tail(t.Context(), testOrg, nil, func(records []storage.LogRecord, _ int) error {
			assert.Equal(t, "batch-0", records[0].ID)
			return enough
		})
	}()
	require.Eventually(t, func() bool {
		if err := live.Write(t.Context(), testOrg, logs); err != nil {
			return false
		}
		select {
		case err = <-ended:
			return true
		default:
			return false
		}
	}, time.Minute, time.Millisecond)
	require.ErrorIs(t, err, enough)
	require.NoError(t, joined.Close())
	assert.True(t, durable.closed)
	require.NoError(t, live.Health(t.Context()), "it is somebody else's")
}
