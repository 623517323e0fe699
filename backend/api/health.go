package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
)

type healthOutput struct {
	Status int
	Body   struct {
		Status     Status            `json:"status" enum:"ok,degraded,down" doc:"The worst of the stores; degraded when another component is down"`
		Version    string            `json:"version,omitempty" doc:"With a credential"`
		Ports      map[string]int    `json:"ports,omitempty" doc:"Where the server listens, by http, otlp_grpc and otlp_http; with a credential"`
		CASHA256   string            `json:"ca_sha256,omitempty" doc:"SHA-256 of the CA that the server shows with its certificate, as agents are told it; with a credential"`
		Components []ComponentHealth `json:"components,omitempty" doc:"With a credential"`
	}
}

func (a *API) registerHealth() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "health",
		Method:      http.MethodGet,
		Path:        "/v1/health",
		Summary:     "Health of the platform",
		Description: "Anybody sees the status; a credential shows the components. 503 when a store is down.",
		Tags:        []string{"operations"},
	}, a.health)
}

func (a *API) health(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	components := a.deps.Health(ctx)
	output := &healthOutput{Status: http.StatusOK}
	output.Body.Status = worst(components)
	if output.Body.Status == StatusDown {
		output.Status = http.StatusServiceUnavailable
	}
	if _, known := auth.FromContext(ctx); known {
		output.Body.Version = a.deps.Version.Version
		output.Body.Ports = a.deps.Ports
		output.Body.CASHA256 = a.deps.CASHA256
		output.Body.Components = components
	}
	return output, nil
}

// worst is the status of the whole. A part that is down, such as a receiver, takes something
// away, but only a store that is down takes everything.
func worst(components []ComponentHealth) Status {
	whole := StatusOK
	for _, component := range components {
		status := component.Status
		if status == StatusDown && component.Kind != "" && component.Kind != "store" {
			status = StatusDegraded
		}
		if Worse(status, whole) {
			whole = status
		}
	}
	return whole
}

// Worse says whether a status is worse than another.
func Worse(status, than Status) bool {
	order := []Status{StatusOK, StatusDegraded, StatusDown}
	return slices.Index(order, status) > slices.Index(order, than)
}
