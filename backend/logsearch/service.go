package logsearch

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Config holds the limits of log queries.
type Config struct {
	// Timeout is how long a query may run.
	Timeout time.Duration `mapstructure:"timeout"`
	// MaxRows is how many records a page may have.
	MaxRows int `mapstructure:"max_rows"`
	// MaxBuckets is how many buckets of time a histogram may have.
	MaxBuckets int `mapstructure:"max_buckets"`
	// MaxValues is how many values of a field may be asked for.
	MaxValues int `mapstructure:"max_values"`
	// MaxExport is how many records a download may have.
	MaxExport int `mapstructure:"max_export"`
	// MaxExports is how many downloads run at once; further ones are refused.
	MaxExports int `mapstructure:"max_exports"`
}

// DefaultConfig returns the limits that hold when nothing else is configured.
func DefaultConfig() Config {
	return Config{Timeout: 30 * time.Second, MaxRows: 10_000, MaxBuckets: 11_000, MaxValues: 1000, MaxExport: 1_000_000, MaxExports: 4}
}

// Validate names the first field that is wrong, and the fix.
func (c Config) Validate() error {
	if c.Timeout <= 0 {
		return errcode.InvalidField("timeout", "is not positive", "use a duration such as 30s")
	}
	for _, limit := range []struct {
		field string
		value int
	}{{"max_rows", c.MaxRows}, {"max_buckets", c.MaxBuckets}, {"max_values", c.MaxValues}, {"max_export", c.MaxExport}, {"max_exports", c.MaxExports}} {
		if limit.value < 1 {
			return errcode.InvalidField(limit.field, "is below 1", "use a whole number of at least 1")
		}
	}
	return nil
}

// Service answers log queries.
type Service struct {
	logs   storage.LogReader
	config Config
	now    func() time.Time
	slots  chan struct{} // in which downloads run
}

// New returns the service over a store.
func New(logs storage.LogReader, config Config) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("log query limits: %w", err)
	}
	return &Service{logs: logs, config: config, now: time.Now, slots: make(chan struct{}, config.MaxExports)}, nil
}

// Register adds the operations to the API.
func (s *Service) Register(api huma.API) {
	huma.Register(api, operation("query-logs", "/v1/query/logs", "Log records, the newest or the oldest first",
		"The answer names a cursor while there is more; send it with the same query for the next page."), s.search)
	huma.Register(api, operation("query-logs-histogram", "/v1/query/logs/histogram", "Counts of log records over time",
		"Buckets without records are left out; `from`, `to` and `step` say where they would be. With `by`, one count for each of the field's "+
			"most frequent values, one without `by` for the records that lack the field, and one marked `other` for the rest."), s.histogram)
	huma.Register(api, operation("query-logs-fields", "/v1/query/logs/fields", "Fields of log records and their most frequent values",
		"Without `fields`, every field that occurs."), s.fields)
	huma.Register(api, exportOperation(s.config.MaxExport), s.export)
}

func operation(id, path, summary, description string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Description: description,
		Tags: []string{"query"}, DefaultStatus: http.StatusOK,
		Metadata: map[string]any{"scope": auth.ScopeQuery},
	}
}

// limited gives the work its time-out, and says so when it was too short.
func (s *Service) limited(ctx context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	err := work(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	if errcode.Of(ctx.Err()) == errcode.Canceled {
		return errcode.New(errcode.Canceled, "the client went away: %w", err)
	}
	return &errcode.Error{
		Code:    errcode.Timeout,
		Message: fmt.Sprintf("the search took longer than the limit of %s", s.config.Timeout),
		Fix:     "ask for a shorter time range, or add a filter on service or level",
		Err:     err,
	}
}
