package admin

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/storage"
)

// API serves the operations under /v1/admin that are about data.
type API struct {
	engine  *query.Engine
	metrics storage.MetricStore
	logs    storage.LogStore
	logger  *zap.Logger
	now     func() time.Time
}

// New returns the API over the stores, and the engine that reads the metrics.
func New(engine *query.Engine, metrics storage.MetricStore, logs storage.LogStore, logger *zap.Logger) *API {
	return &API{engine: engine, metrics: metrics, logs: logs, logger: logger, now: time.Now}
}

// Register adds the operations to the API.
func (a *API) Register(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "delete-data",
		Method:      http.MethodDelete,
		Path:        "/v1/admin/data",
		Summary:     "Delete metrics or logs for good",
		Description: "Deletes the samples of the series that `selector` selects, or the log records that `query` matches, from `from` up to but not " +
			"including `to`, and answers when they can no longer be read. It cannot be undone: ask with `dry_run` first, which only counts. " +
			"What is sent later is stored, also when its time lies in the range.",
		Tags:          []string{"admin"},
		DefaultStatus: http.StatusOK,
		Metadata:      map[string]any{"scope": auth.ScopeAdmin},
	}, a.deleteData)
	huma.Register(api, huma.Operation{
		OperationID: "retention",
		Method:      http.MethodGet,
		Path:        "/v1/admin/retention",
		Summary:     "How long data is kept",
		Description: "Retention is set in the configuration (storage::metrics and storage::logs, or the flags of `pharos up`), for all " +
			"organisations, and takes effect with a reload.",
		Tags:     []string{"admin"},
		Metadata: map[string]any{"scope": auth.ScopeAdmin},
	}, a.retention)
}
