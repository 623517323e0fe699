package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// deleteWithin bounds a deletion. It goes on when the client leaves: a half would be the worst.
const deleteWithin = 10 * time.Minute

// DataDeletion says what to delete.
type DataDeletion struct {
	Signal   string         `json:"signal" enum:"metrics,logs" doc:"What is deleted"`
	Selector string         `json:"selector,omitempty" doc:"Series, for metrics. All of them: {__name__=~\".+\"}" example:"{service=\"checkout\"}"`
	Query    string         `json:"query,omitempty" doc:"Filter in the log filter language, for logs. All of them: *" example:"service:=checkout"`
	From     querytime.Text `json:"from" doc:"The first time that is deleted"`
	To       querytime.Text `json:"to" doc:"The first time that is kept"`
	DryRun   bool           `json:"dry_run,omitempty" doc:"Only count"`
}

// Deleted says what was deleted, or would be.
type Deleted struct {
	Signal  string `json:"signal" enum:"metrics,logs"`
	DryRun  bool   `json:"dry_run" doc:"Nothing was deleted"`
	Series  int    `json:"series,omitempty" doc:"Series with samples in the range"`
	Samples int    `json:"samples,omitempty" doc:"Samples of them"`
	Records int64  `json:"records,omitempty" doc:"Log records"`
}

type deleteInput struct{ Body DataDeletion }

type deleteOutput struct{ Body Deleted }

// span is [from, to).
type span struct{ from, to time.Time }

func (a *API) deleteData(ctx context.Context, input *deleteInput) (*deleteOutput, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	body := input.Body
	if body.From == "" {
		return nil, errcode.InvalidField("from", "is missing", "name the first time that is deleted; 0 for the beginning")
	}
	if body.To == "" {
		return nil, errcode.InvalidField("to", "is missing", "name the first time that is kept, such as now")
	}
	var when span
	if when.from, when.to, err = querytime.ParseSpan(string(body.From), string(body.To), a.now()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteWithin)
	defer cancel()
	var done Deleted
	if body.Signal == "logs" {
		done, err = a.deleteLogs(ctx, org, body, when)
	} else {
		done, err = a.deleteMetrics(ctx, org, body, when)
	}
	if err != nil {
		return nil, err
	}
	done.Signal, done.DryRun = body.Signal, body.DryRun
	if !body.DryRun {
		principal, _ := auth.FromContext(ctx)
		a.logger.Info("Data deleted", zap.String("org", string(org)), zap.String("by", principal.Name), zap.String("signal", body.Signal),
			zap.String("selector", body.Selector), zap.String("query", body.Query), zap.Time("from", when.from), zap.Time("to", when.to),
			zap.Int("samples", done.Samples), zap.Int64("records", done.Records))
	}
	return &deleteOutput{done}, nil
}

func (a *API) deleteMetrics(ctx context.Context, org storage.OrgID, body DataDeletion, when span) (Deleted, error) {
	if body.Query != "" {
		return Deleted{}, errcode.InvalidField("query", "is for logs", "select series with selector")
	}
	if body.Selector == "" {
		return Deleted{}, errcode.InvalidField("selector", "is missing", `select series, such as {service="checkout"}`)
	}
	sets, err := a.engine.ParseSelectors([]string{body.Selector})
	if err != nil {
		return Deleted{}, errcode.InvalidField("selector", err.Error(), `use a series selector that names something, such as {service="checkout"}`)
	}
	last := when.to.Add(-time.Millisecond) // the store's end is included
	done, err := a.countSamples(ctx, org, sets, span{when.from, last})
	if err != nil || body.DryRun {
		return done, err
	}
	metrics, err := a.metrics.Open(ctx, org)
	if err != nil {
		return Deleted{}, fmt.Errorf("open the metrics: %w", err)
	}
	err = metrics.Delete(ctx, when.from, last, sets[0]...)
	if closeErr := metrics.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return Deleted{}, fmt.Errorf("delete metrics: %w", err)
	}
	if err := a.engine.Forget(ctx, org); err != nil {
		// It may have kept answers with what is gone, for a while.
		a.logger.Warn("The query cache could not be told of a deletion", zap.String("org", string(org)), zap.Error(err))
	}
	return done, nil
}

// countSamples reads everything in the range: a deletion is rare, and a wrong number dear.
func (a *API) countSamples(ctx context.Context, org storage.OrgID, sets [][]*labels.Matcher, when span) (Deleted, error) {
	var done Deleted
	var iterator chunkenc.Iterator
	err := a.engine.EachSeries(ctx, org, query.Selection{Matchers: sets, From: when.from, To: when.to}, func(series promstorage.Series) error {
		iterator = series.Iterator(iterator)
		samples := 0
		for iterator.Next() != chunkenc.ValNone {
			samples++
		}
		if samples > 0 {
			done.Series++
			done.Samples += samples
		}
		return iterator.Err()
	})
	return done, err
}

func (a *API) deleteLogs(ctx context.Context, org storage.OrgID, body DataDeletion, when span) (Deleted, error) {
	if body.Selector != "" {
		return Deleted{}, errcode.InvalidField("selector", "is for metrics", "filter log records with query")
	}
	if body.Query == "" {
		return Deleted{}, errcode.InvalidField("query", "is missing", "filter log records, such as service:=checkout; * means all")
	}
	filter, err := logfilter.Parse(body.Query)
	if err != nil {
		return Deleted{}, err
	}
	var done Deleted
	if !body.DryRun {
		if done.Records, err = a.logs.Delete(ctx, org, filter, when.from, when.to); err != nil {
			return Deleted{}, fmt.Errorf("delete logs: %w", err)
		}
		return done, nil
	}
	buckets, err := a.logs.Histogram(ctx, org, storage.HistogramQuery{
		Filter: filter, From: when.from, To: when.to, Step: max(when.to.Sub(when.from), time.Second),
	})
	if err != nil {
		return Deleted{}, fmt.Errorf("count logs: %w", err)
	}
	for _, bucket := range buckets {
		done.Records += int64(bucket.Count)
	}
	return done, nil
}
