package api

import (
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/promapi"
)

// promParam is a parameter of Prometheus' API: in the URL, or in the form of a POST.
type promParam struct {
	name, description string
	required, many    bool
}

// promShape is what an endpoint of Prometheus' API takes and what its answer holds.
type promShape struct {
	params []promParam
	data   *huma.Schema
}

// describePrometheus adds the endpoints of Prometheus' API to the document.
func (a *API) describePrometheus(operations []promapi.Operation) {
	registry := a.huma.OpenAPI().Components.Schemas
	failure := registry.Schema(reflect.TypeFor[promError](), true, "")
	shapes := promShapes(registry)
	for _, operation := range operations {
		shape := shapes[operation.Path]
		for _, method := range operation.Methods {
			described := &huma.Operation{
				OperationID: operationID(method, operation.Path),
				Method:      method, Path: operation.Path, Summary: operation.Summary, Tags: []string{"prometheus"},
				Description: "Prometheus' HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/",
				Responses: map[string]*huma.Response{
					"200":     jsonResponse("OK", promAnswer(shape.data)),
					"default": jsonResponse("Error", failure),
				},
				Metadata: map[string]any{ScopeKey: auth.ScopeQuery},
			}
			shape.describeParams(described)
			a.huma.OpenAPI().AddOperation(described)
		}
	}
}

func jsonResponse(description string, schema *huma.Schema) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}

// describeParams puts the parameters into the URL of a GET, or the form of a POST. Those of the
// path are in the URL always.
func (s promShape) describeParams(operation *huma.Operation) {
	form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}}
	for _, param := range s.params {
		schema := &huma.Schema{Type: huma.TypeString, Description: param.description}
		if param.many {
			schema = &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}, Description: param.description}
		}
		switch {
		case param.name == "name":
			operation.Parameters = append(operation.Parameters, &huma.Param{Name: param.name, In: "path", Required: true, Schema: schema})
		case operation.Method == http.MethodPost:
			form.Properties[param.name] = schema
			if param.required {
				form.Required = append(form.Required, param.name)
			}
		default:
			operation.Parameters = append(operation.Parameters, &huma.Param{
				Name: param.name, In: "query", Required: param.required, Explode: &param.many, Schema: schema,
			})
		}
	}
	if operation.Method == http.MethodPost {
		operation.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/x-www-form-urlencoded": {Schema: form}}}
	}
}

// promAnswer is the envelope of an answer.
func promAnswer(data *huma.Schema) *huma.Schema {
	texts := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}
	return &huma.Schema{
		Type: huma.TypeObject, Required: []string{"status", "data"},
		Properties: map[string]*huma.Schema{
			"status":   {Type: huma.TypeString, Enum: []any{"success"}},
			"data":     data,
			"warnings": texts,
			"infos":    texts,
		},
	}
}

// promError is an error of Prometheus' API.
type promError struct {
	Status    string `json:"status" enum:"error"`
	ErrorType string `json:"errorType" doc:"bad_data, execution, timeout, canceled, internal, unavailable, not_found, unauthorized or too_many_requests"`
	Error     string `json:"error"`
}

// promSample is a pair of Unix seconds and a value in quotes.
type promSample struct{}

// Schema implements huma.SchemaProvider.
func (promSample) Schema(huma.Registry) *huma.Schema { return tuple(huma.TypeNumber, huma.TypeString) }

// promHistogram is a pair of Unix seconds and a native histogram.
type promHistogram struct{}

// Schema implements huma.SchemaProvider.
func (promHistogram) Schema(huma.Registry) *huma.Schema {
	return tuple(huma.TypeNumber, huma.TypeObject)
}

func tuple(first, second string) *huma.Schema {
	two := 2
	return &huma.Schema{
		Type: huma.TypeArray, MinItems: &two, MaxItems: &two,
		Extensions: map[string]any{"prefixItems": []*huma.Schema{{Type: first}, {Type: second}}},
	}
}

type promLabels map[string]string

type promRangeSeries struct {
	Metric     promLabels      `json:"metric"`
	Values     []promSample    `json:"values,omitempty"`
	Histograms []promHistogram `json:"histograms,omitempty"`
}

type promInstantSeries struct {
	Metric    promLabels     `json:"metric"`
	Value     *promSample    `json:"value,omitempty"`
	Histogram *promHistogram `json:"histogram,omitempty"`
}

type promMatrix struct {
	ResultType string            `json:"resultType" enum:"matrix"`
	Result     []promRangeSeries `json:"result"`
}

type promVector struct {
	ResultType string              `json:"resultType" enum:"vector"`
	Result     []promInstantSeries `json:"result"`
}

type promScalar struct {
	ResultType string     `json:"resultType" enum:"scalar,string"`
	Result     promSample `json:"result"`
}

type promMetadata struct {
	Type string `json:"type"`
	Unit string `json:"unit"`
	Help string `json:"help"`
}

type promExemplars struct {
	SeriesLabels promLabels     `json:"seriesLabels"`
	Exemplars    []promExemplar `json:"exemplars"`
}

type promExemplar struct {
	Labels    promLabels `json:"labels"`
	Value     string     `json:"value"`
	Timestamp float64    `json:"timestamp"`
}

type promRules struct {
	Groups []map[string]any `json:"groups"`
}

type promAlerts struct {
	Alerts []map[string]any `json:"alerts"`
}

// promShapes lists the endpoints by their path.
func promShapes(registry huma.Registry) map[string]promShape {
	of := func(t reflect.Type) *huma.Schema { return registry.Schema(t, true, "") }
	texts := of(reflect.TypeFor[[]string]())
	matrix := of(reflect.TypeFor[promMatrix]())
	query := promParam{name: "query", description: "PromQL", required: true}
	span := []promParam{{name: "start", description: "RFC 3339, or Unix seconds"}, {name: "end", description: "RFC 3339, or Unix seconds"}}
	limit := promParam{name: "limit", description: "Items at most; 0 for all"}
	match := promParam{name: "match[]", description: "Selectors; items of any of them count", many: true}
	options := []promParam{limit, {name: "timeout", description: "A duration"}, {name: "lookback_delta", description: "A duration"}, {name: "stats", description: "Taken and ignored"}}
	object := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
	return map[string]promShape{
		"/api/v1/query": {
			slices.Concat([]promParam{query, {name: "time", description: "RFC 3339, or Unix seconds; now by default"}}, options),
			&huma.Schema{OneOf: []*huma.Schema{of(reflect.TypeFor[promVector]()), matrix, of(reflect.TypeFor[promScalar]())}},
		},
		"/api/v1/query_range":         {slices.Concat([]promParam{query}, required(span), []promParam{{name: "step", description: "A duration", required: true}}, options), matrix},
		"/api/v1/query_exemplars":     {append([]promParam{query}, span...), of(reflect.TypeFor[[]promExemplars]())},
		"/api/v1/format_query":        {[]promParam{query}, &huma.Schema{Type: huma.TypeString}},
		"/api/v1/series":              {append([]promParam{{name: match.name, description: match.description, many: true, required: true}, limit}, span...), of(reflect.TypeFor[[]promLabels]())},
		"/api/v1/labels":              {append([]promParam{match, limit}, span...), texts},
		"/api/v1/label/{name}/values": {append([]promParam{{name: "name", description: "Name of the label"}, match, limit}, span...), texts},
		"/api/v1/metadata": {
			[]promParam{{name: "metric", description: "Name of a metric; all by default"}, limit, {name: "limit_per_metric", description: "Entries of a metric at most"}},
			of(reflect.TypeFor[map[string][]promMetadata]()),
		},
		"/api/v1/rules":              {nil, of(reflect.TypeFor[promRules]())},
		"/api/v1/alerts":             {nil, of(reflect.TypeFor[promAlerts]())},
		"/api/v1/status/buildinfo":   {nil, of(reflect.TypeFor[promapi.BuildInfo]())},
		"/api/v1/status/runtimeinfo": {nil, object},
		"/api/v1/status/tsdb":        {nil, object},
	}
}

func required(params []promParam) []promParam {
	out := slices.Clone(params)
	for i := range out {
		out[i].required = true
	}
	return out
}
