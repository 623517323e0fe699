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

type searchInput struct {
	Body struct {
		Filters
		Limit  int    `json:"limit,omitempty" doc:"Records a page; 100 by default, at most 10000"`
		Cursor string `json:"cursor,omitempty" doc:"What next of the page before said"`
	}
}

type searchOutput struct {
	Body struct {
		Logs []storage.LogRecord `json:"logs"`
		Next string              `json:"next,omitempty" doc:"Cursor of the next page; absent at the end"`
	}
}

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
	query.Cursor = input.Body.Cursor
	query.Limit, err = limit(input.Body.Limit, defaultRows, s.config.MaxRows)
	return org, query, err
}

type histogramInput struct {
	Body struct {
		Filters
		Step  string `json:"step,omitempty" doc:"Length of a bucket, such as 1m; chosen for about 60 buckets by default"`
		By    string `json:"by,omitempty" doc:"Field to count by" example:"level"`
		Limit int    `json:"limit,omitempty" doc:"Values of by; 10 by default"`
	}
}

type histogramOutput struct {
	Body struct {
		Buckets []bucket `json:"buckets"`
		Step    string   `json:"step" doc:"Length of a bucket" example:"1m0s"`
	}
}

type bucket struct {
	Time  time.Time `json:"time" doc:"Start of the bucket"`
	Count uint64    `json:"count"`
	By    string    `json:"by,omitempty" doc:"Value of the field counted by"`
}

func (s *Service) histogram(ctx context.Context, input *histogramInput) (*histogramOutput, error) {
	org, query, err := s.histogramQuery(ctx, input)
	if err != nil {
		return nil, err
	}
	output := &histogramOutput{}
	output.Body.Step, output.Body.Buckets = query.Step.String(), []bucket{}
	err = s.limited(ctx, func(ctx context.Context) error {
		counts, err := s.logs.Histogram(ctx, org, query)
		for _, c := range counts {
			output.Body.Buckets = append(output.Body.Buckets, bucket{Time: c.Time.UTC(), Count: c.Count, By: c.By})
		}
		return err
	})
	return output, err
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
	query.Step, err = s.step(input.Body.Step, query.To.Sub(query.From))
	return org, query, err
}

func (s *Service) step(text string, length time.Duration) (time.Duration, error) {
	if text == "" {
		return querytime.Step(length, defaultBuckets), nil
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

type fieldsInput struct {
	Body struct {
		Filters
		Fields []string `json:"fields,omitempty" doc:"Names of fields; all by default" example:"[\"service\",\"level\"]"`
		Limit  int      `json:"limit,omitempty" doc:"Values a field; 10 by default, at most 1000"`
	}
}

type fieldsOutput struct {
	Body struct {
		Fields []storage.LogField `json:"fields"`
	}
}

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
