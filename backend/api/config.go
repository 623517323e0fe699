package api

import (
	"encoding/json"
	"io"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/problem"
)

// newConfig returns huma's configuration: JSON alone, no pages of its own, unknown fields and
// parameters refused.
func newConfig(version Version) huma.Config {
	jsonFormat := huma.Format{Marshal: marshal, Unmarshal: json.Unmarshal}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "Pharos",
				Version:     version.Version,
				Description: "Metrics and logs: send, query, watch. Errors are problem documents (RFC 9457) with `code`, and the field at fault and the fix where there is one.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer":  {Type: "http", Scheme: "bearer", Description: "An access token or an API key"},
					"key":     {Type: "apiKey", In: "header", Name: "X-API-Key"},
					"session": {Type: "apiKey", In: "cookie", Name: auth.AccessCookie, Description: "The cookie that a login sets"},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

// schemaName names the schema of a type as huma does, but for one whose name says nothing
// outside its package.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[problem.Document]() {
		return "Problem"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// appender is an answer that encodes itself: large ones do, because reflection is slow.
type appender interface {
	AppendJSON(b []byte) []byte
}

func marshal(w io.Writer, value any) error {
	if large, ok := value.(appender); ok {
		_, err := w.Write(append(large.AppendJSON(nil), '\n'))
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
