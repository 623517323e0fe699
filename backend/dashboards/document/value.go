package document

import (
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

// Value is one text or a list of them.
type Value struct {
	List   []string
	Single bool // one text, and not a list of one
}

// One returns the value of one text.
func One(text string) *Value { return &Value{List: []string{text}, Single: true} }

// MarshalJSON implements json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.Single && len(v.List) == 1 {
		return json.Marshal(v.List[0])
	}
	if v.List == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(v.List)
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Value) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*v = *One(one)
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return errors.New("is neither a text nor a list of texts")
	}
	*v = Value{List: many}
	return nil
}

// Schema implements huma.SchemaProvider.
func (Value) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString}
	return &huma.Schema{OneOf: []*huma.Schema{text, {Type: huma.TypeArray, Items: text}}}
}
