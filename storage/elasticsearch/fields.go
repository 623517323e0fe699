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

// Fields implements storage.LogReader. Without names it leaves out time, id and message. Labels
// and json members have their prefix in the names it returns then. Values longer than 1024 bytes
// are counted among the records that have the field and not among the values. Of a field with
// thousands of values the server's counts are approximate, as is the number of values.
func (s *Store) Fields(ctx context.Context, org storage.OrgID, query storage.FieldsQuery) ([]storage.LogField, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	for _, name := range query.Names {
		if err := checkName("names", name); err != nil {
			return nil, err
		}
	}
	if query.Limit <= 0 {
		query.Limit = defaultValues
	}
	r, err := s.begin(org, query.Filter, query.From, query.To)
	if err != nil {
		return nil, err
	}
	if !r.exact || slices.Contains(query.Names, logfilter.FieldMessage) {
		return s.readFields(ctx, r, query)
	}
	names := query.Names
	if len(names) == 0 {
		if names, err = s.fieldNames(ctx, r); err != nil {
			return nil, err
		}
	}
	var fields []storage.LogField
	for some := range slices.Chunk(names, fieldsPerSearch) {
		found, err := s.topValues(ctx, r, some, query.Limit, query.Newest)
		if err != nil {
			return nil, err
		}
		fields = append(fields, found...)
	}
	return fields, nil
}

const (
	// fieldsPerSearch keeps the buckets of one search below what the server makes.
	fieldsPerSearch = 20
	// mostFields is how many names a search for all fields returns.
	mostFields = 2000
	// shardValues is how many values each shard counts at least: the more, the more exact.
	shardValues = 500
)

// fieldNames returns the fields that occur, in order.
func (s *Store) fieldNames(ctx context.Context, r reading) ([]string, error) {
	results, err := s.aggregate(ctx, r, object{"names": object{"terms": object{"field": "search.fields", "size": mostFields}}})
	if err != nil {
		return nil, err
	}
	var found termBuckets
	if err := decode(results["names"], &found); err != nil {
		return nil, err
	}
	var names []string
	for _, bucket := range found.Buckets {
		if bucket.Key != logfilter.FieldMessage {
			names = append(names, bucket.Key)
		}
	}
	sortNames(names)
	return names, nil
}

// sortNames puts a record's own fields before labels and json members.
func sortNames(names []string) {
	rank := func(name string) int {
		if logfilter.IsOwnField(name) {
			return 0
		}
		return 1
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
	})
}

// termBuckets is the result of an aggregation by values.
type termBuckets struct {
	Others  uint64 `json:"sum_other_doc_count"`
	Buckets []struct {
		Key    string `json:"key"`
		Count  uint64 `json:"doc_count"`
		Newest struct {
			Hits struct {
				Hits []struct {
					Fields struct {
						Time []string `json:"time"`
					} `json:"fields"`
				} `json:"hits"`
			} `json:"hits"`
		} `json:"newest"`
	} `json:"buckets"`
}

// topValues returns the most frequent values of fields, in the order of the names.
func (s *Store) topValues(ctx context.Context, r reading, names []string, limit int, newest bool) ([]storage.LogField, error) {
	aggregations := object{}
	for i, name := range names {
		aggregations[fmt.Sprintf("f%d", i)] = fieldAggregation(partsOf(name), limit, newest)
	}
	results, err := s.aggregate(ctx, r, aggregations)
	if err != nil {
		return nil, err
	}
	fields := make([]storage.LogField, len(names))
	for i, name := range names {
		if fields[i], err = gatherField(results[fmt.Sprintf("f%d", i)], len(partsOf(name)), limit); err != nil {
			return nil, err
		}
		fields[i].Name = name
	}
	return fields, nil
}

// fieldAggregation counts the values of a field, for each of its parts.
func fieldAggregation(parts []part, limit int, newest bool) object {
	inner := object{}
	for i, p := range parts {
		size := limit
		if len(parts) > 1 {
			size += shardValues // a value's counts come from both
		}
		values := object{"terms": object{"field": p.field, "size": size, "shard_size": max(2*size, shardValues)}}
		if newest {
			values["aggs"] = object{"newest": newestHit()}
		}
		inner[fmt.Sprintf("p%d", i)] = object{"filter": p.filter(), "aggs": object{
			"values": values,
			"total":  object{"cardinality": object{"field": p.field, "precision_threshold": 10_000}},
		}}
	}
	return object{"filter": existsAny(parts), "aggs": inner}
}

// newestHit finds the newest record's time to the nanosecond; a maximum is just as exact as a
// double.
func newestHit() object {
	return object{"top_hits": object{
		"size": 1, "_source": false, "sort": []object{{"time": "desc"}},
		"docvalue_fields": []object{{"field": "time", "format": "strict_date_optional_time_nanos"}},
	}}
}

// gatherField reads the counts of a field.
func gatherField(text json.RawMessage, parts, limit int) (storage.LogField, error) {
	var field storage.LogField
	var members map[string]json.RawMessage
	if err := decode(text, &members); err != nil {
		return field, err
	}
	if err := decode(members["doc_count"], &field.Records); err != nil {
		return field, err
	}
	values := map[string]storage.FieldValue{}
	others := uint64(0)
	for i := range parts {
		var found struct {
			Values termBuckets `json:"values"`
			Total  struct {
				Value uint64 `json:"value"`
			} `json:"total"`
		}
		if err := decode(members[fmt.Sprintf("p%d", i)], &found); err != nil {
			return field, err
		}
		field.Total += found.Total.Value
		others += found.Values.Others
		for _, bucket := range found.Values.Buckets {
			var at *time.Time
			if hits := bucket.Newest.Hits.Hits; len(hits) > 0 && len(hits[0].Fields.Time) > 0 {
				parsed, err := time.Parse(time.RFC3339Nano, hits[0].Fields.Time[0])
				if err != nil {
					return field, errcode.New(errcode.Internal, "read the time of a log record: %w", err)
				}
				at = &parsed
			}
			addValue(values, bucket.Key, bucket.Count, at)
		}
	}
	if others == 0 {
		field.Total = uint64(len(values)) // all are known
	}
	field.Values = mostFrequent(values, limit)
	return field, nil
}

func addValue(values map[string]storage.FieldValue, value string, count uint64, newest *time.Time) {
	known := values[value]
	known.Value = value
	known.Count += count
	if newest != nil && (known.Newest == nil || newest.After(*known.Newest)) {
		known.Newest = newest
	}
	values[value] = known
}

// mostFrequent sorts values and keeps the first.
func mostFrequent(values map[string]storage.FieldValue, limit int) []storage.FieldValue {
	sorted := make([]storage.FieldValue, 0, len(values))
	for _, value := range values {
		sorted = append(sorted, value)
	}
	slices.SortFunc(sorted, func(a, b storage.FieldValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	if len(sorted) == 0 {
		return nil
	}
	return slices.Clone(sorted[:min(limit, len(sorted))])
}
