package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

const defaultValues = 10

// Histogram implements storage.LogReader.
func (s *Store) Histogram(ctx context.Context, org storage.OrgID, query storage.HistogramQuery) ([]storage.LogBucket, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	if query.Step < time.Millisecond {
		return nil, errcode.InvalidField("step", fmt.Sprintf("is %s", query.Step), "use at least 1ms")
	}
	r, ok, err := s.begin(org, query.Filter, query.From, query.To)
	if err != nil || !ok {
		return nil, err
	}
	total, err := s.countByTime(ctx, r, query.Step, "")
	if err != nil {
		return nil, err
	}
	var buckets []storage.LogBucket
	if query.By != "" {
		if buckets, err = s.countBy(ctx, r, query); err != nil {
			return nil, err
		}
		for _, bucket := range buckets {
			key := bucketKey{bucket.Time.UnixNano(), ""}
			// Records may have come between the two counts.
			total[key] -= min(total[key], bucket.Count)
		}
	}
	for key, count := range total {
		if count > 0 {
			buckets = append(buckets, storage.LogBucket{Time: time.Unix(0, key.time).UTC(), Other: query.By != "", Count: count})
		}
	}
	slices.SortFunc(buckets, func(a, b storage.LogBucket) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.By, b.By))
	})
	return buckets, nil
}

// countBy counts over time for the most frequent values of a field, and for the records that
// don't have it.
func (s *Store) countBy(ctx context.Context, r reading, query storage.HistogramQuery) ([]storage.LogBucket, error) {
	pipe, err := valuePipe(query.By)
	if err != nil {
		return nil, err
	}
	top, err := s.topValues(ctx, r, pipe, query.Limit, false)
	if err != nil {
		return nil, err
	}
	names := []string{""}
	for _, value := range top.Values {
		names = append(names, value.Value)
	}
	r.filter = fmt.Sprintf("%s | %s | filter %s", r.filter, pipe, inFilter("value", names))
	counts, err := s.countByTime(ctx, r, query.Step, "value")
	if err != nil {
		return nil, err
	}
	buckets := make([]storage.LogBucket, 0, len(counts))
	for key, count := range counts {
		buckets = append(buckets, storage.LogBucket{Time: time.Unix(0, key.time).UTC(), By: key.by, Count: count})
	}
	return buckets, nil
}

type bucketKey struct {
	time int64
	by   string
}

// countByTime counts rows by bucket, and by a column when there is one.
func (s *Store) countByTime(ctx context.Context, r reading, step time.Duration, by string) (map[bucketKey]uint64, error) {
	group := fmt.Sprintf("%s:%dns", columnTime, step.Nanoseconds())
	if by != "" {
		group += ", " + by
	}
	var mu sync.Mutex
	counts := map[bucketKey]uint64{}
	var failed error
	err := s.runText(ctx, r.org, fmt.Sprintf("%s | stats by (%s) count() as hits", r.filter, group), r.from, r.to, func(block *logstorage.DataBlock) {
		mu.Lock()
		defer mu.Unlock()
		times, hits, names := column(block, columnTime), column(block, "hits"), column(block, by)
		for i := range block.RowsCount() {
			at, err := time.Parse(time.RFC3339Nano, times.at(i))
			if err != nil {
				failed = fmt.Errorf("read log histogram: %w", err)
				return
			}
			key := bucketKey{at.UnixNano(), strings.Clone(names.at(i))}
			counts[key] += parseCount(hits.at(i))
		}
	})
	return counts, cmp.Or(err, failed)
}

func parseCount(text string) uint64 {
	count, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return count
}

// topValues returns the most frequent values that pipe puts into the column "value", and counts
// all of them.
func (s *Store) topValues(ctx context.Context, r reading, pipe string, limit int, newest bool) (storage.LogField, error) {
	if limit <= 0 {
		limit = defaultValues
	}
	query := fmt.Sprintf(`%s | %s | filter value:* | stats by (value) count() as hits`, r.filter, pipe)
	if newest {
		query += fmt.Sprintf(", max(%s) as newest", columnTime)
	}
	var mu sync.Mutex
	var field storage.LogField
	err := s.runText(ctx, r.org, query, r.from, r.to, func(block *logstorage.DataBlock) {
		mu.Lock()
		defer mu.Unlock()
		names, hits, times := column(block, "value"), column(block, "hits"), column(block, "newest")
		for i := range block.RowsCount() {
			count := parseCount(hits.at(i))
			field.Total++
			field.Records += count
			field.Values = append(field.Values, storage.FieldValue{Value: strings.Clone(names.at(i)), Count: count, Newest: parseTime(times.at(i))})
			if len(field.Values) >= 2*limit+1000 {
				field.Values = mostFrequent(field.Values, limit)
			}
		}
	})
	field.Values = mostFrequent(field.Values, limit)
	return field, err
}

// parseTime reads a time of the engine; nil when there is none.
func parseTime(text string) *time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil
	}
	at = at.UTC()
	return &at
}

// mostFrequent sorts values and keeps the first.
func mostFrequent(values []storage.FieldValue, limit int) []storage.FieldValue {
	slices.SortFunc(values, func(a, b storage.FieldValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return values[:min(limit, len(values))]
}

// Fields implements storage.LogReader. Without names it leaves out time, id and message.
// Labels and json members have their prefix in the names it returns then.
func (s *Store) Fields(ctx context.Context, org storage.OrgID, query storage.FieldsQuery) ([]storage.LogField, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	r, ok, err := s.begin(org, query.Filter, query.From, query.To)
	if err != nil || !ok {
		return nil, err
	}
	names := query.Names
	if len(names) == 0 {
		if names, err = s.fieldNames(ctx, r); err != nil {
			return nil, err
		}
	}
	var fields []storage.LogField
	for _, name := range names {
		pipe, err := valuePipe(name)
		if err != nil {
			return nil, err
		}
		field, err := s.topValues(ctx, r, pipe, query.Limit, query.Newest)
		if err != nil {
			return nil, err
		}
		field.Name = name
		fields = append(fields, field)
	}
	return fields, nil
}

// fieldNames returns the fields that occur, in order.
func (s *Store) fieldNames(ctx context.Context, r reading) ([]string, error) {
	var mu sync.Mutex
	var names []string
	err := s.runText(ctx, r.org, r.filter+" | field_names", r.from, r.to, func(block *logstorage.DataBlock) {
		mu.Lock()
		defer mu.Unlock()
		all := column(block, "name")
		for i := range block.RowsCount() {
			switch name := all.at(i); name {
			case columnTime, columnMessage, columnBatch, columnOrdinal, "_stream", "_stream_id":
			default:
				names = append(names, strings.Clone(name))
			}
		}
	})
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(fieldRank(a), fieldRank(b)), strings.Compare(a, b))
	})
	return names, err
}

// fieldRank puts a record's own fields before labels and json members.
func fieldRank(name string) int {
	if logfilter.IsOwnField(name) {
		return 0
	}
	return 1
}
