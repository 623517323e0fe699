package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/promapi"
	"github.com/pharos-obs/pharos/internal/problem"
)

// describeRaw adds the endpoints to the document that huma does not serve: their forms are
// Prometheus' or those of a stream.
func (a *API) describeRaw(prometheusOperations []promapi.Operation) {
	a.describePrometheus(prometheusOperations)
	a.describe(http.MethodGet, "/v1/ws", "Live metrics and logs over a WebSocket", "live",
		"Send `{\"type\":\"subscribe\",\"id\":\"cpu\",\"kind\":\"metrics\",\"query\":\"<PromQL>\",\"interval\":\"1s\",\"limit\":50,\"order\":\"max\"}` or "+
			"`{\"type\":\"subscribe\",\"id\":\"t\",\"kind\":\"logs\",\"query\":\"<filter>\",\"service\":\"\",\"level\":\"\"}`, "+
			"`unsubscribe` with the id, or `ping`. Frames have the types metrics, logs, subscribed, error and pong. With `limit` a frame holds the series that `order` prefers, and `total_series`.", "")
	a.describe(http.MethodGet, "/v1/stream", "Live metrics and logs as server-sent events", "live",
		"Parameters: `metrics` (PromQL, repeatable), `interval`, `limit`, `order`, `logs` (filter), `service`, `level`. Events are named metrics, logs and error.",
		"text/event-stream")
	a.describeIngest()
}

func (a *API) describe(method, path, summary, tag, description, contentType string) {
	success := &huma.Response{Description: "OK"}
	status := "200"
	if contentType == "" {
		status, success.Description = "101", "Switching protocols"
	} else {
		success.Content = map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	operation := &huma.Operation{
		OperationID: operationID(method, path),
		Method:      method, Path: path, Summary: summary, Description: description, Tags: []string{tag},
		Responses: map[string]*huma.Response{status: success, "default": a.problemResponse()},
		Metadata:  map[string]any{ScopeKey: auth.ScopeQuery},
	}
	a.huma.OpenAPI().AddOperation(operation)
}

// problemResponse is the error of an operation that huma does not serve.
func (a *API) problemResponse() *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem.Document](), true, "")
	return &huma.Response{Description: "Error", Content: map[string]*huma.MediaType{problem.ContentType: {Schema: schema}}}
}

// operationID makes a name for an operation of its method and path.
func operationID(method, path string) string {
	return strings.Trim(strings.NewReplacer("/", "-", "{", "", "}", "").Replace(strings.ToLower(method)+path), "-")
}
