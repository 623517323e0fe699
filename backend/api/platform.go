package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/pharos-obs/pharos/backend/auth"
)

type platformInput struct {
	Accept string `header:"Accept" doc:"application/json gives JSON, anything else Prometheus' text format"`
}

type platformOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// registerPlatform serves the program's own metrics.
func (a *API) registerPlatform() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "platform-metrics",
		Method:      http.MethodGet,
		Path:        "/v1/metrics/platform",
		Summary:     "The program's own metrics",
		Tags:        []string{"operations"},
		Metadata:    map[string]any{ScopeKey: auth.ScopeAdmin},
		Responses: map[string]*huma.Response{"200": {
			Description: "Metric families",
			Content: map[string]*huma.MediaType{
				"text/plain":       {Schema: &huma.Schema{Type: huma.TypeString}},
				"application/json": {Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject}}},
			},
		}},
	}, a.platform)
}

func (a *API) platform(_ context.Context, input *platformInput) (*platformOutput, error) {
	families, err := a.deps.Platform.Gather()
	if err != nil && len(families) == 0 {
		return nil, fmt.Errorf("gather the platform's metrics: %w", err)
	}
	header := http.Header{"Accept": {input.Accept}}
	if input.Accept == "application/json" {
		return platformJSON(families)
	}
	return platformText(families, expfmt.NegotiateAccept(header, expfmt.DefaultAcceptedFormats()...))
}

func platformText(families []*dto.MetricFamily, format expfmt.Format) (*platformOutput, error) {
	var body bytes.Buffer
	encoder := expfmt.NewEncoder(&body, format)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return nil, fmt.Errorf("encode %s: %w", family.GetName(), err)
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			return nil, fmt.Errorf("encode the platform's metrics: %w", err)
		}
	}
	return &platformOutput{ContentType: string(format), Body: body.Bytes()}, nil
}

type platformFamily struct {
	Name    string           `json:"name"`
	Help    string           `json:"help,omitempty"`
	Type    string           `json:"type"`
	Metrics []platformMetric `json:"metrics"`
}

type platformMetric struct {
	Labels map[string]string `json:"labels,omitempty"`
	Value  *float64          `json:"value,omitempty"`
	Count  *uint64           `json:"count,omitempty"` // of a histogram or summary
	Sum    *float64          `json:"sum,omitempty"`
}

func platformJSON(families []*dto.MetricFamily) (*platformOutput, error) {
	out := make([]platformFamily, 0, len(families))
	for _, family := range families {
		converted := platformFamily{Name: family.GetName(), Help: family.GetHelp(), Type: typeName(family)}
		for _, metric := range family.GetMetric() {
			converted.Metrics = append(converted.Metrics, platformMetricOf(metric))
		}
		out = append(out, converted)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode the platform's metrics: %w", err)
	}
	return &platformOutput{ContentType: "application/json", Body: body}, nil
}
