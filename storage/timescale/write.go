package timescale

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// maxAttempts is how often a batch is tried that meets a deadlock, a deleted series or a missing
// partition; none of them happens twice in a row but by bad luck.
const maxAttempts = 10

// errStale says that series of the batch have been deleted since their ids were read.
var errStale = errors.New("series ids are of another epoch")

// Commit implements storage.AppenderV2.
func (a *appender) Commit() error {
	if len(a.rows) == 0 && len(a.exemplars) == 0 && len(a.families) == 0 {
		return nil
	}
	if a.store.closed.Load() {
		return errClosed()
	}
	err := a.commit()
	a.store.full.Store(state(err) == diskFull)
	if err != nil {
		return coded("write metrics", err)
	}
	a.stored()
	return nil
}

// commit tries until the batch is stored or can't be.
func (a *appender) commit() error {
	staged := false
	for attempt := 1; ; attempt++ {
		err := a.try(staged)
		if err == nil || attempt == maxAttempts || a.ctx.Err() != nil {
			return err
		}
		switch {
		case errors.Is(err, errStale):
			a.store.counters.staleIDs.Add(1)
		case state(err) == uniqueViolation && !staged:
			staged = true
			a.store.counters.staged.Add(1)
		case state(err) == checkViolation:
			a.store.partitions.forget()
			a.store.counters.retries.Add(1)
		case state(err) == deadlockDetected, state(err) == serializationFailure:
			a.store.counters.retries.Add(1)
		default:
			return err
		}
	}
}

// try stores the batch in one transaction, after the series and partitions that it needs.
func (a *appender) try(staged bool) error {
	ctx, s := a.ctx, a.store
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := a.resolve(ctx, conn); err != nil {
		return err
	}
	a.arrange()
	if err := s.ensurePartitions(ctx, conn, a.rows); err != nil {
		return err
	}
	epoch, err := s.begin(ctx, conn, a.org, false)
	if err == nil && epoch != a.cache.epoch {
		a.renew(epoch)
		err = errStale
	}
	if err == nil {
		err = a.store.write(ctx, conn, a, staged)
	}
	if err != nil {
		rollback(ctx, conn)
	}
	return err
}

// write fills the transaction and commits it.
func (s *Store) write(ctx context.Context, conn *pgxpool.Conn, a *appender, staged bool) error {
	statements, inserted, conflicts := s.countSamples(a), int64(len(a.rows)), int64(0)
	if len(a.rows) > 0 {
		var err error
		if staged {
			statements, inserted, conflicts, err = s.copyStaged(ctx, conn, a)
		} else {
			err = s.copyRows(ctx, conn, "pharos.samples", a.rows)
		}
		if err != nil {
			return err
		}
	}
	if err := s.writeExemplars(ctx, conn, a.exemplars); err != nil {
		return err
	}
	if err := s.writeFamilies(ctx, conn, a.org, a.families); err != nil {
		return err
	}
	if inserted > 0 {
		statements = append(statements, s.logTouched(touched(a.rows)))
	}
	if err := s.end(ctx, conn, statements...); err != nil {
		return err
	}
	s.counters.rows.Add(uint64(inserted))
	s.counters.duplicates.Add(uint64(int64(len(a.rows)) - inserted))
	s.counters.conflicts.Add(uint64(conflicts))
	return nil
}

// renew moves the batch to a cache of another epoch.
func (a *appender) renew(epoch int64) {
	a.org.refresh(a.cache, epoch)
	a.cache = a.org.cache.Load()
	move := func(e *entry) *entry {
		if found := a.cache.get(e.labels, e.hash); found != nil {
			return found
		}
		return a.cache.put(&entry{labels: e.labels, hash: e.hash})
	}
	for i := range a.rows {
		a.rows[i].series = move(a.rows[i].series)
	}
	for i := range a.exemplars {
		a.exemplars[i].series = move(a.exemplars[i].series)
	}
}

// arrange puts the rows in the order of the primary key, which spares the index and keeps two
// writers of the same rows from waiting for each other in a circle, and leaves out repetitions.
func (a *appender) arrange() {
	order := make([]rowKey, len(a.rows))
	for i := range a.rows {
		r := &a.rows[i]
		r.id = r.series.id.Load()
		order[i] = rowKey{r.id, r.t, i}
	}
	slices.SortFunc(order, compareKeys)
	rows := make([]row, 0, len(order))
	for i, key := range order {
		if i == 0 || key.id != order[i-1].id || key.t != order[i-1].t {
			rows = append(rows, a.rows[key.place])
		}
	}
	a.store.counters.duplicates.Add(uint64(len(a.rows) - len(rows)))
	a.rows = rows
}

// rowKey is a row's place in the table, and in the batch: of two at one time the first is stored.
type rowKey struct {
	id, t int64
	place int
}

func compareKeys(x, y rowKey) int {
	switch {
	case x.id != y.id:
		return cmp.Compare(x.id, y.id)
	case x.t != y.t:
		return cmp.Compare(x.t, y.t)
	}
	return cmp.Compare(x.place, y.place)
}

// stored remembers what was stored of each series, and of families.
func (a *appender) stored() {
	for i := range a.rows {
		r := &a.rows[i]
		r.series.mu.Lock()
		if !r.series.last.set || r.t >= r.series.last.t {
			r.series.last = sample{r.t, r.bits, true}
		}
		if r.series.pending == a {
			r.series.pending = nil
		}
		r.series.mu.Unlock()
	}
	if len(a.families) == 0 {
		return
	}
	a.org.mu.Lock()
	defer a.org.mu.Unlock()
	if len(a.org.families) > maxFamilies {
		clear(a.org.families)
	}
	for _, f := range a.families {
		a.org.families[f] = struct{}{}
	}
}

// maxFamilies is how many descriptions of an organisation are remembered as stored.
const maxFamilies = 100_000

// resolve gives every series of the batch its id, and creates those that do not exist.
func (a *appender) resolve(ctx context.Context, conn *pgxpool.Conn) error {
	wanted := map[*entry]struct{}{}
	for i := range a.rows {
		if a.rows[i].series.id.Load() == 0 {
			wanted[a.rows[i].series] = struct{}{}
		}
	}
	for i := range a.exemplars {
		if a.exemplars[i].series.id.Load() == 0 {
			wanted[a.exemplars[i].series] = struct{}{}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	epoch, err := a.store.begin(ctx, conn, a.org, false)
	if err == nil && epoch != a.cache.epoch {
		a.renew(epoch)
		err = errStale
	}
	var count, created int64
	if err == nil {
		count, created, err = a.store.createSeries(ctx, conn, a.org, wanted)
	}
	if err == nil {
		err = a.store.end(ctx, conn)
	}
	if err != nil {
		// The ids that were read may be of a transaction that never happened.
		for e := range wanted {
			e.id.Store(0)
		}
		rollback(ctx, conn)
		return err
	}
	if count > 0 {
		a.org.count.Store(count)
	}
	a.store.counters.series.Add(uint64(created))
	return nil
}

// newSeries are the columns of series that may have to be created.
type newSeries struct {
	entries                             map[[16]byte]*entry
	hashes                              [][16]byte
	names, services, instances, encoded []string
}

// createSeries looks for series and creates the others. It returns how many the organisation has
// then, 0 when all were there, and how many were created.
func (s *Store) createSeries(ctx context.Context, conn *pgxpool.Conn, o *org, wanted map[*entry]struct{}) (count, created int64, err error) {
	n := newSeries{entries: make(map[[16]byte]*entry, len(wanted))}
	for e := range wanted {
		hash := hash128(e.labels)
		n.entries[hash] = e
		n.hashes = append(n.hashes, hash)
	}
	// In one order for all, so that two who create the same series do not wait in a circle.
	slices.SortFunc(n.hashes, func(x, y [16]byte) int { return bytes.Compare(x[:], y[:]) })
	if err := s.findSeries(ctx, conn, o, &n); err != nil || len(n.entries) == 0 {
		return 0, 0, err
	}
	n.hashes = slices.DeleteFunc(n.hashes, func(hash [16]byte) bool { return n.entries[hash] == nil })
	for _, hash := range n.hashes {
		name, service, instance, encoded, err := columns(n.entries[hash].labels)
		if err != nil {
			return 0, 0, err
		}
		n.names, n.services = append(n.names, name), append(n.services, service)
		n.instances, n.encoded = append(n.instances, instance), append(n.encoded, encoded)
	}
	inserted, err := conn.Exec(ctx, s.sql(`INSERT INTO pharos.series (org_id, hash, metric_name, service, instance_id, labels)
		SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]::jsonb[]) ON CONFLICT DO NOTHING`),
		string(o.id), n.hashes, n.names, n.services, n.instances, n.encoded)
	if err != nil {
		return 0, 0, err
	}
	if err := s.findSeries(ctx, conn, o, &n); err != nil {
		return 0, 0, err
	}
	if len(n.entries) > 0 {
		return 0, 0, fmt.Errorf("%d series are neither there nor created", len(n.entries))
	}
	err = conn.QueryRow(ctx, s.sql("UPDATE pharos.orgs SET series_count = series_count + $2 WHERE org_id = $1 RETURNING series_count"),
		string(o.id), inserted.RowsAffected()).Scan(&count)
	return count, inserted.RowsAffected(), err
}

// findSeries reads ids by hashes, and takes those that it finds off the list.
func (s *Store) findSeries(ctx context.Context, conn *pgxpool.Conn, o *org, n *newSeries) error {
	rows, err := conn.Query(ctx, s.sql("SELECT hash, id FROM pharos.series WHERE org_id = $1 AND hash = ANY($2)"), string(o.id), n.hashes)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var hash [16]byte
		var id int64
		if err := rows.Scan(&hash, &id); err != nil {
			return err
		}
		if e := n.entries[hash]; e != nil {
			e.id.Store(id)
			delete(n.entries, hash)
		}
	}
	return rows.Err()
}

// columns returns what the table of series says of labels.
func columns(ls labels.Labels) (name, service, instance, encoded string, err error) {
	others := make(map[string]string, ls.Len())
	ls.Range(func(l labels.Label) {
		if l.Name == model.MetricNameLabel {
			name = l.Value
		} else {
			others[l.Name] = l.Value
		}
	})
	encoded, err = encodeLabels(others)
	return name, cmp.Or(others["service"], others["job"]), others["instance"], encoded, err
}

// encodeLabels returns labels as a JSON object.
func encodeLabels(of map[string]string) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(of)
	return text.String(), err
}

const day = 24 * time.Hour

// dayOf returns the start of a time's day, in Unix milliseconds.
func dayOf(t int64) int64 { return floor(t, day.Milliseconds()) }

// countSamples returns the statement that counts the samples of the batch by their day.
func (s *Store) countSamples(a *appender) []string {
	days := map[int64]*usage{}
	for i := range a.rows {
		t := a.rows[i].t
		u := days[dayOf(t)]
		if u == nil {
			u = &usage{oldest: t, newest: t}
			days[dayOf(t)] = u
		}
		u.samples++
		u.oldest, u.newest = min(u.oldest, t), max(u.newest, t)
	}
	return s.usageStatements(a.org, days)
}

// usage is what a batch adds to a day.
type usage struct{ samples, oldest, newest int64 }

// usageStatements adds to the counts. Its values are numbers and a checked id.
func (s *Store) usageStatements(o *org, days map[int64]*usage) []string {
	if len(days) == 0 {
		return nil
	}
	starts := make([]int64, 0, len(days))
	for start := range days {
		starts = append(starts, start)
	}
	slices.Sort(starts)
	values := make([]string, 0, len(days))
	for _, start := range starts {
		u := days[start]
		values = append(values, fmt.Sprintf("('%s', '%s', %d, %d, '%s', '%s')", o.id, time.UnixMilli(start).UTC().Format(time.DateOnly), s.slot,
			u.samples, time.UnixMilli(u.oldest).UTC().Format(time.RFC3339Nano), time.UnixMilli(u.newest).UTC().Format(time.RFC3339Nano)))
	}
	return []string{s.sql("INSERT INTO pharos.usage AS known VALUES ") + strings.Join(values, ", ") + `
		ON CONFLICT (org_id, day, slot) DO UPDATE SET samples = known.samples + excluded.samples,
		oldest = least(known.oldest, excluded.oldest), newest = greatest(known.newest, excluded.newest)`}
}
