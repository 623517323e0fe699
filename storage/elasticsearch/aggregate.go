package elasticsearch

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

const defaultValues = 10

// Histogram implements storage.LogReader. The server counts, unless the filter or the field is
// one that it can't decide about; then the store reads the records.
func (s *Store) Histogram(ctx context.Context, org storage.OrgID, query storage.HistogramQuery) ([]storage.LogBucket, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	if query.Step < time.Millisecond {
		return nil, errcode.InvalidField("step", fmt.Sprintf("is %s", query.Step), "use at least 1ms")
	}
	if err := checkName("by", query.By); err != nil {
		return nil, err
	}
	if query.Limit <= 0 {
		query.Limit = defaultValues
	}
	r, err := s.begin(org, query.Filter, query.From, query.To)
	if err != nil {
		return nil, err
	}
	if !r.exact || query.Step%time.Millisecond != 0 || query.By == logfilter.FieldMessage {
		return s.readHistogram(ctx, r, query)
	}
	counts := map[bucketKey]uint64{}
	if query.By == "" {
		err = s.countOverTime(ctx, r, query.Step, counts)
	} else {
		err = s.countBy(ctx, r, query, counts)
	}
	return sortedBuckets(counts), err
}

// bucketKey says what is counted together.
type bucketKey struct {
	time  int64 // Unix nanoseconds
	by    string
	other bool
}

func sortedBuckets(counts map[bucketKey]uint64) []storage.LogBucket {
	buckets := make([]storage.LogBucket, 0, len(counts))
	for key, count := range counts {
		if count > 0 {
			buckets = append(buckets, storage.LogBucket{Time: time.Unix(0, key.time).UTC(), By: key.by, Other: key.other, Count: count})
		}
	}
	slices.SortFunc(buckets, func(a, b storage.LogBucket) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.By, b.By))
	})
	return buckets
}

// overTime is the aggregation into buckets of time.
func overTime(step time.Duration) object {
	return object{"date_histogram": object{"field": "time", "fixed_interval": fmt.Sprintf("%dms", step.Milliseconds()), "min_doc_count": 1}}
}

// timeBuckets is its result.
type timeBuckets struct {
	Buckets []struct {
		Key   int64  `json:"key"`
		Count uint64 `json:"doc_count"`
	} `json:"buckets"`
}

func (t *timeBuckets) addTo(counts map[bucketKey]uint64, by string, other bool) {
	for _, bucket := range t.Buckets {
		counts[bucketKey{bucket.Key * int64(time.Millisecond), by, other}] += bucket.Count
	}
}

// aggregate sends a search for aggregations only and returns them by name.
func (s *Store) aggregate(ctx context.Context, r reading, aggregations object) (map[string]json.RawMessage, error) {
	var answer struct {
		Aggregations map[string]json.RawMessage `json:"aggregations"`
	}
	err := s.search(ctx, r, object{"size": 0, "track_total_hits": false, "query": r.query, "aggs": aggregations}, &answer)
	return answer.Aggregations, err
}

// decode reads an aggregation; one that is absent, since there are no indices, is empty.
func decode(text json.RawMessage, into any) error {
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return errcode.New(errcode.Internal, "read an aggregation of Elasticsearch: %w", err)
	}
	return nil
}

func (s *Store) countOverTime(ctx context.Context, r reading, step time.Duration, counts map[bucketKey]uint64) error {
	results, err := s.aggregate(ctx, r, object{"all": overTime(step)})
	if err != nil {
		return err
	}
	var found timeBuckets
	if err := decode(results["all"], &found); err != nil {
		return err
	}
	found.addTo(counts, "", false)
	return nil
}

// countBy counts over time for the most frequent values of a field, for the records that don't have
// it, and for the others.
func (s *Store) countBy(ctx context.Context, r reading, query storage.HistogramQuery, counts map[bucketKey]uint64) error {
	top, err := s.topValues(ctx, r, []string{query.By}, query.Limit, false)
	if err != nil {
		return err
	}
	parts := partsOf(query.By)
	step := overTime(query.Step)
	aggregations := object{
		"all":  step,
		"none": object{"filter": not(existsAny(parts)), "aggs": object{"time": step}},
	}
	var values []string
	for _, value := range top[0].Values {
		values = append(values, value.Value)
	}
	for i, part := range parts {
		if len(values) == 0 {
			break
		}
		aggregations[fmt.Sprintf("part%d", i)] = object{
			"filter": part.filter(),
			"aggs": object{"values": object{
				"terms": object{"field": part.field, "include": values, "size": len(values)},
				"aggs":  object{"time": step},
			}},
		}
	}
	results, err := s.aggregate(ctx, r, aggregations)
	if err != nil {
		return err
	}
	return gatherBy(results, len(parts), counts)
}

// gatherBy reads the answer to countBy. What is left of all records is other.
func gatherBy(results map[string]json.RawMessage, parts int, counts map[bucketKey]uint64) error {
	var none struct {
		Time timeBuckets `json:"time"`
	}
	if err := decode(results["none"], &none); err != nil {
		return err
	}
	none.Time.addTo(counts, "", false)
	for i := range parts {
		var part struct {
			Values struct {
				Buckets []struct {
					Key  string      `json:"key"`
					Time timeBuckets `json:"time"`
				} `json:"buckets"`
			} `json:"values"`
		}
		if err := decode(results[fmt.Sprintf("part%d", i)], &part); err != nil {
			return err
		}
		for _, bucket := range part.Values.Buckets {
			bucket.Time.addTo(counts, bucket.Key, false)
		}
	}
	named := map[int64]uint64{}
	for key, count := range counts {
		named[key.time] += count
	}
	var whole timeBuckets
	if err := decode(results["all"], &whole); err != nil {
		return err
	}
	for _, bucket := range whole.Buckets {
		at := bucket.Key * int64(time.Millisecond)
		counts[bucketKey{at, "", true}] = bucket.Count - min(bucket.Count, named[at])
	}
	return nil
}

// part is one of the columns of a field, for the records whose value comes from it: a label counts
// before a json member of the same name.
type part struct {
	column
	field  string // to aggregate
	before []column
}

func partsOf(name string) []part {
	if name == logfilter.FieldID {
		return []part{{column: column{name: name, flat: name}, field: name}}
	}
	var parts []part
	var before []column
	for _, c := range columnsOf(name) {
		parts = append(parts, part{column: c, field: c.flat, before: slices.Clone(before)})
		before = append(before, c)
	}
	return parts
}

// exists finds the records with the column.
func (p part) exists() object {
	if p.name == logfilter.FieldID {
		return matchAll()
	}
	return p.column.exists()
}

// filter finds the records whose value comes from the column.
func (p part) filter() object {
	var hidden []object
	for _, c := range p.before {
		hidden = append(hidden, c.exists())
	}
	return object{"bool": object{"filter": []object{p.exists()}, "must_not": hidden}}
}

func existsAny(parts []part) object {
	var queries []object
	for _, p := range parts {
		queries = append(queries, p.exists())
	}
	return anyOf(queries...)
}
