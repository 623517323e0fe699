package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/sync/errgroup"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// What a record may be; the local store has the same limits.
const (
	maxFields   = 1900
	maxRowBytes = 1 << 20
)

// Write implements storage.LogWriter. A record that was written before, by whatever process and
// however long ago, is not stored again while its index is there.
func (s *Store) Write(ctx context.Context, org storage.OrgID, logs plog.Logs) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if err := checkOrg(org); err != nil {
		return err
	}
	if err := checkIDs(logs); err != nil {
		return err
	}
	w := s.writers.Get().(*writer)
	defer s.writers.Put(w)
	refused, err := w.write(ctx, org, logs)
	s.full.Store(errcode.Of(err) == errcode.OutOfSpace)
	if err != nil {
		return err
	}
	s.counters.refused.Add(uint64(len(refused)))
	report := rejection.FromContext(ctx)
	for _, item := range refused {
		report.Add(item)
	}
	return nil
}

// checkIDs refuses logs with a record that has no id, before any is stored.
func checkIDs(logs plog.Logs) error {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				id := ""
				if value, ok := record.Attributes().Get(logrecord.IDAttribute); ok {
					id = value.AsString()
				}
				if _, _, ok := logrecord.SplitID(id); !ok {
					return errcode.InvalidField(logrecord.IDAttribute, fmt.Sprintf("is %q, which is not a record id", id),
						"give every record a batch id, a hyphen and its number in the batch")
				}
			}
		}
	}
	return nil
}

// writer turns logs into bulk requests. It is for one write at a time.
type writer struct {
	store     *Store
	flattener logrecord.Flattener
	encoder   encoder
	bulks     sync.Pool
}

func newWriter(s *Store) *writer {
	w := &writer{store: s}
	w.bulks.New = func() any { return &bulk{} }
	return w
}

// write returns the records that will never be stored when all others are.
func (w *writer) write(ctx context.Context, org storage.OrgID, logs plog.Logs) ([]rejection.Item, error) {
	class := w.store.classes.of(org)
	accepted := w.store.window(class, time.Now())
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(w.store.cfg.Concurrency)
	var refused refusals
	submit := func(b *bulk) {
		group.Go(func() error {
			if err := w.store.sendBulk(sending, b, &refused); err != nil {
				return err // somebody may still be reading the body
			}
			w.bulks.Put(b)
			return nil
		})
	}
	var current *bulk
	err := w.flattener.Each(logs, func(row *logrecord.Row) error {
		if item, refuse := refuse(row, accepted); refuse {
			refused.add(item)
			return nil
		}
		if current == nil {
			if sending.Err() != nil {
				return errStopped
			}
			current = w.bulks.Get().(*bulk)
			current.reset(org)
		}
		current.add(class, row, &w.encoder)
		if len(current.body) >= w.store.cfg.MaxBulkBytes {
			submit(current)
			current = nil
		}
		return nil
	})
	if current != nil {
		submit(current)
	}
	if failed := group.Wait(); failed != nil {
		return nil, failed
	}
	return refused.items, err
}

// errStopped ends the encoding of logs when sending them has failed.
var errStopped = errors.New("a bulk request has failed")

// refusals collects what will never be stored. It is safe for concurrent use.
type refusals struct {
	mu    sync.Mutex
	items []rejection.Item
}

func (r *refusals) add(item rejection.Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.items = append(r.items, item)
}

// window is the time that records may have, in Unix nanoseconds, both ends included.
type window struct{ from, to int64 }

func (s *Store) window(class *retentionClass, now time.Time) window {
	past := class.retention
	if s.cfg.PastWindow > 0 {
		past = min(past, time.Duration(s.cfg.PastWindow))
	}
	return window{max(0, now.Add(-past).UnixNano()), now.Add(s.cfg.FutureWindow).UnixNano()}
}

// refuse says why a record can't be stored.
func refuse(row *logrecord.Row, accepted window) (rejection.Item, bool) {
	item := rejection.Item{Key: row.ID, Time: row.Time / int64(time.Millisecond)}
	switch {
	case row.Time < accepted.from:
		item.Field, item.Reason = logfilter.FieldTime, "too_old"
		item.Message = fmt.Sprintf("time %s is older than the log store takes; send records from %s on", timeText(row.Time), timeText(accepted.from))
		return item, true
	case row.Time > accepted.to:
		item.Field, item.Reason = logfilter.FieldTime, "too_far_in_future"
		item.Message = fmt.Sprintf("time %s lies in the future; set the clock of the sender", timeText(row.Time))
		return item, true
	case len(row.Fields) > maxFields:
		item.Field, item.Reason = "labels", "label_limit"
		item.Message = fmt.Sprintf("record has %d fields, over the limit of %d; send fewer attributes", len(row.Fields), maxFields)
		return item, true
	}
	size := 0
	for i := range row.Fields {
		f := &row.Fields[i]
		size += len(f.Name) + len(f.Value)
		if len(f.Name) > logrecord.MaxNameLength {
			item.Field, item.Reason = "labels", "label_invalid"
			item.Message = fmt.Sprintf("name %.40s... is over %d bytes long; use a shorter one", f.Name, logrecord.MaxNameLength)
			return item, true
		}
	}
	if size > maxRowBytes {
		item.Field, item.Reason = logfilter.FieldMessage, "too_large"
		item.Message = fmt.Sprintf("record has %d bytes, over the limit of %d; shorten it", size, maxRowBytes)
		return item, true
	}
	return item, false
}
