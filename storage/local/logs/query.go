package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// runText runs a query of the engine's language over [from, to]. It calls fn from several
// goroutines; what fn keeps of a block it has to clone.
func (s *Store) runText(ctx context.Context, org uint32, text string, from, to int64, fn func(block *logstorage.DataBlock)) error {
	query, err := logstorage.ParseQueryAtTimestamp(text, time.Now().UnixNano())
	if err != nil {
		return fmt.Errorf("translate log query to %q: %w", text, err)
	}
	query.AddTimeFilter(from, to)
	var stats logstorage.QueryStats
	qctx := logstorage.NewQueryContext(ctx, &stats, []logstorage.TenantID{tenant(org)}, query, false, nil)
	err = s.engine.RunQuery(qctx, func(_ uint, block *logstorage.DataBlock) { fn(block) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("run log query: %w", err)
	}
	return nil
}

// reading is what every read begins with.
type reading struct {
	org    uint32
	filter string
	from   int64
	to     int64 // included
}

// begin prepares a read; false when the organisation or the time range has no records.
func (s *Store) begin(org storage.OrgID, filter *logfilter.Filter, from, to time.Time) (reading, bool, error) {
	text, err := translate(filter)
	if err != nil {
		return reading{}, false, err
	}
	number, ok := s.orgs.lookup(org)
	r := reading{org: number, filter: text}
	r.from, r.to = timeBounds(from, to)
	s.makeVisible()
	return r, ok && r.from <= r.to, nil
}

// values is a column of a block; a column that is not there is empty.
type values []string

func column(block *logstorage.DataBlock, name string) values {
	if c := block.GetColumnByName(name); c != nil {
		return c.Values
	}
	return nil
}

func (v values) at(i int) string {
	if i < len(v) {
		return v[i]
	}
	return ""
}
