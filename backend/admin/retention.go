package admin

import (
	"context"

	"github.com/prometheus/common/model"

	"github.com/pharos-obs/pharos/storage"
)

// RetentionSettings say how long data is kept.
type RetentionSettings struct {
	Metrics Retention `json:"metrics"`
	Logs    Retention `json:"logs"`
}

// Retention is how long one kind of data is kept.
type Retention struct {
	MaxAge   string  `json:"max_age,omitempty" doc:"What is older goes; absent for never" example:"30d"`
	Seconds  float64 `json:"max_age_seconds" doc:"The same in seconds; 0 for never" example:"2592000"`
	MaxBytes int64   `json:"max_bytes" doc:"The oldest goes when the data on disk grows over this; 0 for no limit. For metrics of one organisation, for logs of all together" example:"10737418240"`
}

type retentionOutput struct{ Body RetentionSettings }

func (a *API) retention(context.Context, *struct{}) (*retentionOutput, error) {
	return &retentionOutput{RetentionSettings{
		Metrics: retentionOf(a.metrics.Retention()),
		Logs:    retentionOf(a.logs.Retention()),
	}}, nil
}

func retentionOf(r storage.Retention) Retention {
	out := Retention{Seconds: r.Time.Seconds(), MaxBytes: r.Bytes}
	if r.Time > 0 {
		out.MaxAge = model.Duration(r.Time).String()
	}
	return out
}
