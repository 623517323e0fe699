package logs

import (
	"context"
	"iter"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// rowsOf goes through the rows of a journal record. A row is good until the next.
func rowsOf(record []byte) iter.Seq[*logrecord.Row] {
	return func(yield func(*logrecord.Row) bool) {
		d := newRowDecoder(record)
		for d.next() {
			row := d.current()
			if !yield(&logrecord.Row{Time: row.time, ID: recordID(row.batch, row.ordinal), Fields: row.fields}) {
				return
			}
		}
	}
}

// Tail implements storage.LogReader. It does not keep the store open: a reader may stay for hours,
// and ends when the store closes.
func (s *Store) Tail(ctx context.Context, org storage.OrgID, filter *logfilter.Filter, fn func(records []storage.LogRecord, missed int) error) error {
	if err := s.allocate(org); err != nil {
		return err
	}
	return s.tails.Tail(ctx, org, filter, fn)
}

// allocate refuses what is no organisation.
func (s *Store) allocate(org storage.OrgID) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	_, err := s.orgs.allocate(org)
	return err
}
