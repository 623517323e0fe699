package storage

import (
	"context"
	"io"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	promstorage "github.com/prometheus/prometheus/storage"
)

// MetricStore holds the metrics of every organisation.
type MetricStore interface {
	// Open returns the metrics of one organisation, and creates them when they do not exist.
	// The caller closes what it got when it is done with it (per request, not per process:
	// a store closes what has been idle). Closing the store fails later calls with Unavailable.
	Open(ctx context.Context, org OrgID) (OrgMetrics, error)
	// Capabilities says what this store leaves out; the zero value leaves out nothing.
	Capabilities() MetricCapabilities
	// Retention says how long samples are kept.
	Retention() Retention
	// Health returns nil when the store takes reads and writes, otherwise what is wrong:
	// OutOfSpace when it only serves reads.
	Health(ctx context.Context) error
	io.Closer
}

// Retention is how long a store keeps data.
type Retention struct {
	Time  time.Duration // 0 for ever
	Bytes int64         // 0 for no limit
}

// OrgMetrics are the metrics of one organisation. It is safe for concurrent use, but for
// the appenders and queriers that it returns.
type OrgMetrics interface {
	MetricReader
	// AppendableV2 takes samples. A commit that returns nil has made them durable against the
	// death of the process. Samples outside the accepted time window fail with
	// storage.ErrTooOldSample or ErrOutOfBounds, and series over the limit with ErrSeriesLimit:
	// from Append, or from Commit where the store cannot know earlier. Other samples of the
	// same appender are not affected. The same sample twice is stored once.
	promstorage.AppendableV2
	MetricAdmin
	io.Closer
}

// FamilyDescriber is an appender of OrgMetrics that takes the metadata of a family without a
// sample, as remote write 1 sends it. It becomes durable with the commit.
type FamilyDescriber interface {
	DescribeFamily(name string, meta metadata.Metadata)
}

// MetricReader reads the metrics of one organisation.
type MetricReader interface {
	promstorage.Queryable
	promstorage.ExemplarQueryable
	// Metadata returns type, unit and help of metric families by name. An empty metric means
	// all; limit 0 means no limit. An unknown metric gives an empty map.
	Metadata(ctx context.Context, metric string, limit int) (map[string][]metadata.Metadata, error)
}

// RollupReader is a MetricStore that keeps rollups. Its queriers heed a rollup.Request in the
// context of Select, whatever its width, and answer it from the samples where a rollup is not up
// to date.
type RollupReader interface {
	// RollupWidths returns how wide the buckets are, the finest first; none when rollups are
	// switched off.
	RollupWidths() []time.Duration
}

// MetricAdmin deletes and measures the metrics of one organisation.
type MetricAdmin interface {
	// Delete removes the samples in [from, to] of all series that match. It returns when they
	// can no longer be read.
	Delete(ctx context.Context, from, to time.Time, matchers ...*labels.Matcher) error
	// Stats measures; it is cheap enough to call every few seconds.
	Stats(ctx context.Context) (MetricStats, error)
}

// MetricStats are measures of one organisation's metrics.
type MetricStats struct {
	ActiveSeries uint64    // series with samples in the newest block
	Samples      uint64    // samples on disk in closed blocks and in memory; an estimate
	Bytes        int64     // bytes on disk, write-ahead log included
	Oldest       time.Time // time of the oldest sample; zero when there is none
	Newest       time.Time // time of the newest sample; zero when there is none
}

// MetricCapabilities says what a metric store leaves out. The conformance suites skip just that.
type MetricCapabilities struct {
	NoNativeHistograms bool
	NoExemplars        bool
	NoStartTimestamps  bool
}
