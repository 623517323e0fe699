package querytime

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// Text is a time in any of the forms that the API takes, as a string or a number.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(data []byte) error {
	text, err := stringOrNumber(data)
	*t = Text(text)
	return err
}

// Schema implements huma.SchemaProvider.
func (Text) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		OneOf:       []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}},
		Description: "RFC 3339 with a zone, Unix seconds or milliseconds, now, or now-15m; an hour up to now by default",
		Examples:    []any{"now-15m"},
	}
}

// LengthText is a duration in any of the forms that the API takes, as a string or a number of
// seconds.
type LengthText string

// UnmarshalJSON implements json.Unmarshaler.
func (t *LengthText) UnmarshalJSON(data []byte) error {
	text, err := stringOrNumber(data)
	*t = LengthText(text)
	return err
}

// Schema implements huma.SchemaProvider.
func (LengthText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		OneOf:       []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}},
		Description: "Seconds, or a duration such as 15s",
		Examples:    []any{"15s"},
	}
}

func stringOrNumber(data []byte) (string, error) {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		return text, nil
	}
	var number json.Number
	if err := json.Unmarshal(data, &number); err != nil {
		return "", fmt.Errorf("neither a string nor a number: %w", err)
	}
	return number.String(), nil
}
