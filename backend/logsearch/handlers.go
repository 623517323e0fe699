package logsearch

import (
	"context"
	"fmt"
	"time"

	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

const (
	defaultRows    = 100
	defaultBuckets = 60
	defaultValues  = 10
)

// Order is the direction in which records come.
type Order string

// The orders.
const (
	NewestFirst Order = "desc"
	OldestFirst Order = "asc"
)

// LogSearch asks for a page of records.
type LogSearch struct {
	Filters
	Limit  int    `json:"limit,omitempty" doc:"Records a page; 100 by default, at most 10000"`
	Cursor string `json:"cursor,omitempty" doc:"What next of the page before said. With the other order it leads the other way"`
	Order  Order  `json:"order,omitempty" enum:"desc,asc" doc:"desc for the newest first, by default; asc for the oldest first"`
}

type searchInput struct{ Body LogSearch }

// LogPage is a page of records.
type LogPage struct {
	Logs []storage.LogRecord `json:"logs"`
	Next string              `json:"next,omitempty" doc:"Cursor of the next page; absent at the end"`
}

type searchOutput struct{ Body LogPage }

func (s *Service) search(ctx context.Context, input *searchInput) (*searchOutput, error) {
	org, query, err := s.searchQuery(ctx, input)
	if err != nil {
		return nil, err
	}
	output := &searchOutput{}
	err = s.limited(ctx, func(ctx context.Context) error {
		page, err := s.logs.Search(ctx, org, query)
		output.Body.Logs, output.Body.Next = page.Records, page.Next
		return err
	})
	if output.Body.Logs == nil {
		output.Body.Logs = []storage.LogRecord{}
	}
	return output, err
}

func (s *Service) searchQuery(ctx context.Context, input *searchInput) (storage.OrgID, storage.LogQuery, error) {
	var query storage.LogQuery
	org, err := caller.Org(ctx)
	if err != nil {
		return "", query, err
	}
	if query.From, query.To, err = input.Body.span(s.now()); err != nil {
		return "", query, err
	}
	if query.Filter, err = input.Body.Filter(); err != nil {
		return "", query, err
	}
	query.Cursor, query.OldestFirst = input.Body.Cursor, input.Body.Order == OldestFirst
	query.Limit, err = limit(input.Body.Limit, defaultRows, s.config.MaxRows)
	return org, query, err
}

// LogHistogramQuery asks for counts over time.
type LogHistogramQuery struct {
	Filters
	Step    querytime.LengthText `json:"step,omitempty" doc:"Length of a bucket; chosen by buckets by default"`
	Buckets int                  `json:"buckets,omitempty" minimum:"1" doc:"Buckets at most, of a round length; 60 by default"`
	By      string               `json:"by,omitempty" doc:"Field to count by: one of the record's own, a label, or a member of json" example:"level"`
	Limit   int                  `json:"limit,omitempty" doc:"Values of by; 10 by default, at most 1000"`
}

type histogramInput struct{ Body LogHistogramQuery }

// LogHistogram holds counts over time.
type LogHistogram struct {
	Buckets []LogBucket `json:"buckets" doc:"In the order of time. Empty ones are left out"`
	Step    string      `json:"step" doc:"Length of a bucket" example:"1m0s"`
	Seconds float64     `json:"step_seconds" doc:"Length of a bucket" example:"60"`
	From    time.Time   `json:"from" doc:"Start of the first bucket of the range, empty or not"`
	To      time.Time   `json:"to" doc:"End of the last bucket of the range, empty or not"`
	Total   uint64      `json:"total" doc:"Records in the range"`
}

type histogramOutput struct{ Body LogHistogram }

// LogBucket is a count of records.
type LogBucket struct {
	Time  time.Time `json:"time" doc:"Start of the bucket"`
	Count uint64    `json:"count"`
	By    string    `json:"by,omitempty" doc:"Value of the field counted by; absent for records without it, and for other values"`
	Other bool      `json:"other,omitempty" doc:"The records with another value than the most frequent ones"`
}

func (s *Service) histogram(ctx context.Context, input *histogramInput) (*histogramOutput, error) {
	org, query, err := s.histogramQuery(ctx, input)
	if err != nil {
		return nil, err
	}
	output := &histogramOutput{}
	body := &output.Body
	body.Step, body.Seconds, body.Buckets = query.Step.String(), query.Step.Seconds(), []LogBucket{}
	body.From, body.To = covered(query)
	err = s.limited(ctx, func(ctx context.Context) error {
		counts, err := s.logs.Histogram(ctx, org, query)
		for _, c := range counts {
			body.Buckets = append(body.Buckets, LogBucket{Time: c.Time.UTC(), Count: c.Count, By: c.By, Other: c.Other})
			body.Total += c.Count
		}
		return err
	})
	return output, err
}

// covered returns the buckets' whole range: they are aligned to Unix time.
func covered(query storage.HistogramQuery) (time.Time, time.Time) {
	step := query.Step.Nanoseconds()
	from, to := query.From.UnixNano(), query.To.UnixNano()
	from -= (from%step + step) % step
	to += (step - (to%step+step)%step) % step
	return time.Unix(0, from).UTC(), time.Unix(0, to).UTC()
}

func (s *Service) histogramQuery(ctx context.Context, input *histogramInput) (storage.OrgID, storage.HistogramQuery, error) {
	query := storage.HistogramQuery{By: input.Body.By}
	org, err := caller.Org(ctx)
	if err != nil {
		return "", query, err
	}
	if query.From, query.To, err = input.Body.span(s.now()); err != nil {
		return "", query, err
	}
	if query.Filter, err = input.Body.Filter(); err != nil {
		return "", query, err
	}
	if query.Limit, err = limit(input.Body.Limit, defaultValues, s.config.MaxValues); err != nil {
		return "", query, err
	}
	query.Step, err = s.step(string(input.Body.Step), input.Body.Buckets, query.To.Sub(query.From))
	return org, query, err
}

// step reads the length of a bucket, or chooses a round one for a number of buckets.
func (s *Service) step(text string, buckets int, length time.Duration) (time.Duration, error) {
	if text == "" {
		if buckets == 0 {
			buckets = defaultBuckets
		}
		return querytime.Step(length, min(buckets, s.config.MaxBuckets)), nil
	}
	step, err := querytime.ParseDuration("step", text)
	if err != nil {
		return 0, err
	}
	if step < time.Millisecond {
		return 0, errcode.InvalidField("step", "is below a millisecond", "use a duration such as 1m")
	}
	if int64(length/step) > int64(s.config.MaxBuckets) {
		return 0, errcode.InvalidField("step", fmt.Sprintf("gives more buckets than the limit of %d", s.config.MaxBuckets),
			"use a longer step, or a shorter time range")
	}
	return step, nil
}

// LogFieldsQuery asks for the values of fields.
type LogFieldsQuery struct {
	Filters
	Fields []string `json:"fields,omitempty" doc:"Names of fields; all by default" example:"[\"service\",\"level\"]"`
	Limit  int      `json:"limit,omitempty" doc:"Values a field; 10 by default, at most 1000"`
}

type fieldsInput struct{ Body LogFieldsQuery }

// LogFields holds the values of fields.
type LogFields struct {
	Fields []storage.LogField `json:"fields" doc:"Each with its most frequent values, how many different ones there are (total), and how many records have it"`
}

type fieldsOutput struct{ Body LogFields }

func (s *Service) fields(ctx context.Context, input *fieldsInput) (*fieldsOutput, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	query := storage.FieldsQuery{Names: input.Body.Fields}
	if query.From, query.To, err = input.Body.span(s.now()); err != nil {
		return nil, err
	}
	if query.Filter, err = input.Body.Filter(); err != nil {
		return nil, err
	}
	if query.Limit, err = limit(input.Body.Limit, defaultValues, s.config.MaxValues); err != nil {
		return nil, err
	}
	output := &fieldsOutput{}
	err = s.limited(ctx, func(ctx context.Context) error {
		var err error
		output.Body.Fields, err = s.logs.Fields(ctx, org, query)
		return err
	})
	if output.Body.Fields == nil {
		output.Body.Fields = []storage.LogField{}
	}
	return output, err
}
