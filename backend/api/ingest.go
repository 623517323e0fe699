package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
)

// ingestRoute is a way in that the ingest receiver serves beside this API.
type ingestRoute struct {
	path, summary, description string
	contentTypes               []string
	schema                     *huma.Schema // of a JSON body; nil where the form is somebody else's
	answer                     *huma.Schema
}

// metricItem and logItem document the items of the JSON endpoints; the receiver decodes them
// by a decoder of its own.
type metricItem struct {
	Time       any               `json:"time,omitempty" doc:"RFC 3339 with a zone, or Unix seconds or milliseconds; the time of receipt when it is missing"`
	Service    string            `json:"service" doc:"Name of the service; becomes the labels service and job" example:"checkout"`
	InstanceID string            `json:"instance_id,omitempty" doc:"Becomes the label instance"`
	MetricName string            `json:"metric_name" pattern:"^[a-zA-Z_:][a-zA-Z0-9_:]*$" example:"orders_total"`
	Value      float64           `json:"value"`
	Labels     map[string]string `json:"labels,omitempty"`
}

type logItem struct {
	Time       any               `json:"time,omitempty" doc:"RFC 3339 with a zone, or Unix seconds or milliseconds; the time of receipt when it is missing"`
	Service    string            `json:"service" example:"checkout"`
	InstanceID string            `json:"instance_id,omitempty"`
	Level      string            `json:"level,omitempty" example:"error"`
	Message    string            `json:"message,omitempty" doc:"Needed when there is no json"`
	Labels     map[string]string `json:"labels,omitempty"`
	JSON       map[string]any    `json:"json,omitempty" doc:"Any object; its members can be searched by their names"`
}

// ingestAnswer documents what the JSON endpoints answer.
type ingestAnswer struct {
	Accepted int `json:"accepted" doc:"Items that are durable now"`
	Rejected []struct {
		Index int    `json:"index" doc:"Place of the item in the request, from 0"`
		Field string `json:"field" doc:"The field at fault"`
		Error string `json:"error" doc:"What was wrong, and the fix"`
	} `json:"rejected"`
	RejectedUnlisted int `json:"rejected_unlisted,omitempty" doc:"Refused items past the first thousand"`
}

// describeIngest adds the ways in to the document.
func (a *API) describeIngest() {
	registry := a.huma.OpenAPI().Components.Schemas
	answer := registry.Schema(reflect.TypeFor[ingestAnswer](), true, "")
	itemOrItems := func(item *huma.Schema) *huma.Schema {
		return &huma.Schema{OneOf: []*huma.Schema{item, {Type: huma.TypeArray, Items: item}}}
	}
	otlp := []string{"application/x-protobuf", "application/json"}
	routes := []ingestRoute{
		{
			path: "/v1/ingest/metrics", summary: "Send metrics as JSON", contentTypes: []string{"application/json", "application/x-ndjson"},
			description: "One object, an array, or one object a line. Good items are kept, bad ones are listed.",
			schema:      itemOrItems(registry.Schema(reflect.TypeFor[metricItem](), true, "")), answer: answer,
		},
		{
			path: "/v1/ingest/logs", summary: "Send logs as JSON", contentTypes: []string{"application/json", "application/x-ndjson"},
			description: "One object, an array, or one object a line. Good items are kept, bad ones are listed. The header Idempotency-Key makes a retry harmless.",
			schema:      itemOrItems(registry.Schema(reflect.TypeFor[logItem](), true, "")), answer: answer,
		},
		{path: "/v1/metrics", summary: "Send metrics by OTLP/HTTP", contentTypes: otlp, description: "OpenTelemetry's protocol; what is refused comes back as partial_success."},
		{path: "/v1/logs", summary: "Send logs by OTLP/HTTP", contentTypes: otlp, description: "OpenTelemetry's protocol; what is refused comes back as partial_success."},
		{path: "/v1/traces", summary: "Send traces by OTLP/HTTP", contentTypes: otlp, description: "Refused with 404 until there is a store for traces."},
		{path: "/api/v1/write", summary: "Send samples by Prometheus remote write", contentTypes: []string{"application/x-protobuf"}, description: "Versions 1 and 2, compressed with snappy."},
	}
	for _, route := range routes {
		a.addIngest(route)
	}
}

func (a *API) addIngest(route ingestRoute) {
	body := &huma.RequestBody{Required: true, Content: make(map[string]*huma.MediaType)}
	for _, contentType := range route.contentTypes {
		schema := route.schema
		if schema == nil {
			schema = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
		}
		body.Content[contentType] = &huma.MediaType{Schema: schema}
	}
	success, status := &huma.Response{Description: "Stored"}, "200"
	switch {
	case route.answer != nil:
		success.Content = map[string]*huma.MediaType{"application/json": {Schema: route.answer}}
	case route.path == "/api/v1/write":
		status = "204"
	default: // OTLP answers in the encoding of the request
		success.Content = map[string]*huma.MediaType{}
		for _, contentType := range route.contentTypes {
			success.Content[contentType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}
		}
	}
	a.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: operationID(http.MethodPost, route.path),
		Method:      http.MethodPost, Path: route.path, Summary: route.summary, Description: route.description,
		Tags: []string{"ingest"}, RequestBody: body,
		Responses: map[string]*huma.Response{status: success, "default": a.problemResponse()},
		Metadata:  map[string]any{ScopeKey: auth.ScopeIngest},
	})
}
