package series

import (
	"context"
	"errors"
	"fmt"

	promstorage "github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// DefaultCacheSize is how many series a Writer remembers, at about 300 bytes each.
const DefaultCacheSize = 200_000

// Writer appends pdata to a metric store as Prometheus series. It remembers how data points
// were translated, so that Prometheus' converter runs once for a series and not for each of
// its samples. A Writer belongs to one store and is safe for concurrent use.
type Writer struct {
	cache *cache
}

// NewWriter returns a writer that remembers at most cacheSize series.
func NewWriter(cacheSize int) *Writer {
	return &Writer{cache: newCache(cacheSize)}
}

// Append stores metrics of one organisation: nil means that all of it is committed but for
// what was added to the rejection.Report of the context. The metrics stay the caller's and
// are not changed.
func (w *Writer) Append(ctx context.Context, org storage.OrgID, to promstorage.AppendableV2, metrics pmetric.Metrics) error {
	app := to.AppenderV2(ctx)
	b := &batch{ctx: ctx, app: app, cache: w.cache, org: org, report: rejection.FromContext(ctx)}
	if err := b.add(metrics); err != nil {
		if rollback := app.Rollback(); rollback != nil {
			err = errors.Join(err, rollback)
		}
		return fmt.Errorf("append metrics: %w", err)
	}
	if err := app.Commit(); err != nil {
		return fmt.Errorf("commit metrics: %w", err)
	}
	return nil
}

// batch is the work of one Append.
type batch struct {
	ctx    context.Context //nolint:containedctx // A batch lives as long as its request.
	app    promstorage.AppenderV2
	cache  *cache
	org    storage.OrgID
	report *rejection.Report
	key    keyBuilder
}

func (b *batch) add(metrics pmetric.Metrics) error {
	resources := metrics.ResourceMetrics()
	for i := range resources.Len() {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		if err := b.addResource(resources.At(i)); err != nil {
			return err
		}
	}
	return nil
}

// addResource appends marked scopes as they are, and the rest as the converter would.
func (b *batch) addResource(rm pmetric.ResourceMetrics) error {
	var otlp *resourceBatch
	scopes := rm.ScopeMetrics()
	for i := range scopes.Len() {
		scope := scopes.At(i)
		if scope.Scope().Name() == ScopeName {
			if err := b.addMarked(scope.Metrics()); err != nil {
				return err
			}
			continue
		}
		if otlp == nil {
			var err error
			if otlp, err = b.newResource(rm.Resource()); err != nil {
				return err
			}
		}
		if err := otlp.add(scope.Metrics()); err != nil {
			return err
		}
	}
	if otlp == nil {
		return nil
	}
	return otlp.finish()
}
