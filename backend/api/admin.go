package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query/caller"
)

type usageOutput struct {
	Body struct {
		Metrics metricsUsage `json:"metrics"`
		Logs    logsUsage    `json:"logs"`
	}
}

type metricsUsage struct {
	ActiveSeries uint64     `json:"active_series" doc:"Series with samples in the newest block"`
	Samples      uint64     `json:"samples" doc:"Samples kept; an estimate"`
	Bytes        int64      `json:"bytes" doc:"Bytes on disk"`
	Oldest       *time.Time `json:"oldest,omitempty"`
	Newest       *time.Time `json:"newest,omitempty"`
}

type logsUsage struct {
	Records uint64     `json:"records" doc:"Records kept; an estimate"`
	Bytes   int64      `json:"bytes" doc:"Bytes on disk; of all organisations where a store cannot tell them apart"`
	Oldest  *time.Time `json:"oldest,omitempty"`
	Newest  *time.Time `json:"newest,omitempty"`
}

// registerAdmin serves what an administrator of an organisation asks about its data.
func (a *API) registerAdmin() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "usage",
		Method:      http.MethodGet,
		Path:        "/v1/admin/usage",
		Summary:     "What the organisation keeps",
		Tags:        []string{"admin"},
		Metadata:    map[string]any{ScopeKey: auth.ScopeAdmin},
	}, a.usage)
}

func (a *API) usage(ctx context.Context, _ *struct{}) (*usageOutput, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	metrics, err := a.deps.Query.Stats(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("measure the metrics: %w", err)
	}
	logs, err := a.deps.Logs.LogStats(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("measure the logs: %w", err)
	}
	output := &usageOutput{}
	output.Body.Metrics = metricsUsage{
		ActiveSeries: metrics.ActiveSeries, Samples: metrics.Samples, Bytes: metrics.Bytes,
		Oldest: known(metrics.Oldest), Newest: known(metrics.Newest),
	}
	output.Body.Logs = logsUsage{Records: logs.Records, Bytes: logs.Bytes, Oldest: known(logs.Oldest), Newest: known(logs.Newest)}
	return output, nil
}

// known returns nil for a time that is not set.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
