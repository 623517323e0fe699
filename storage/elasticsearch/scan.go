package elasticsearch

import (
	"context"
	"fmt"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// scan calls fn with every record that matches, and fails when it has to read too many.
func (s *Store) scan(ctx context.Context, r reading, fn func(h *hit) error) error {
	count := 0
	return s.each(ctx, r, largestPage, func(h *hit) error {
		if count++; count > s.cfg.MaxScan {
			return &errcode.Error{
				Code: errcode.Unprocessable, Field: "query", Message: fmt.Sprintf("matches more than %d records, by conditions that Elasticsearch can't count", s.cfg.MaxScan),
				Fix: "use a shorter time range, or words and whole values in place of regular expressions and phrases that end in *",
			}
		}
		return fn(h)
	})
}

// value returns the value of a field of the language: a label counts before a json member.
func (h *hit) value(name string) string {
	if name == logfilter.FieldID {
		return h.id
	}
	for _, c := range columnsOf(name) {
		for i := range h.fields {
			if h.fields[i].Name == c.name {
				return h.fields[i].Value
			}
		}
	}
	return ""
}

// readHistogram counts records that it reads.
func (s *Store) readHistogram(ctx context.Context, r reading, query storage.HistogramQuery) ([]storage.LogBucket, error) {
	counts := map[bucketKey]uint64{}
	values := map[string]storage.FieldValue{}
	step := query.Step.Nanoseconds()
	err := s.scan(ctx, r, func(h *hit) error {
		value := ""
		if query.By != "" {
			if value = h.value(query.By); value != "" {
				addValue(values, value, 1, nil)
			}
		}
		counts[bucketKey{time: h.at - h.at%step, by: value}]++
		return nil
	})
	if err != nil || query.By == "" {
		return sortedBuckets(counts), err
	}
	named := map[string]bool{"": true}
	for _, value := range mostFrequent(values, query.Limit) {
		named[value.Value] = true
	}
	grouped := map[bucketKey]uint64{}
	for key, count := range counts {
		if !named[key.by] {
			key.by, key.other = "", true
		}
		grouped[key] += count
	}
	return sortedBuckets(grouped), nil
}

// readFields counts values of records that it reads.
func (s *Store) readFields(ctx context.Context, r reading, query storage.FieldsQuery) ([]storage.LogField, error) {
	values := map[string]map[string]storage.FieldValue{}
	add := func(name, value string, at int64) {
		if values[name] == nil {
			values[name] = map[string]storage.FieldValue{}
		}
		var newest *time.Time
		if query.Newest {
			when := time.Unix(0, at).UTC()
			newest = &when
		}
		addValue(values[name], value, 1, newest)
	}
	err := s.scan(ctx, r, func(h *hit) error {
		for _, name := range query.Names {
			if value := h.value(name); value != "" {
				add(name, value, h.at)
			}
		}
		if len(query.Names) > 0 {
			return nil
		}
		for _, f := range h.fields {
			if f.Name != logfilter.FieldMessage {
				add(f.Name, f.Value, h.at)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	names := query.Names
	if len(names) == 0 {
		for name := range values {
			names = append(names, name)
		}
		sortNames(names)
	}
	var fields []storage.LogField
	for _, name := range names {
		field := storage.LogField{Name: name, Total: uint64(len(values[name])), Values: mostFrequent(values[name], query.Limit)}
		for _, value := range values[name] {
			field.Records += value.Count
		}
		fields = append(fields, field)
	}
	return fields, nil
}
