package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// FieldError is a fault of a setting.
type FieldError struct {
	// Name is the setting, as a path with dots; empty when it is about all of them.
	Name string
	// Message says what is wrong and how to mend it.
	Message string
}

// Error implements error.
func (e *FieldError) Error() string {
	if e.Name == "" {
		return e.Message
	}
	return e.Name + ": " + e.Message
}

// Field returns a fault of a setting, for Validate; errors.Join makes several one.
func Field(name, format string, args ...any) error {
	return &FieldError{Name: name, Message: fmt.Sprintf(format, args...)}
}

// Duration is a time.Duration that is written as "10s" in the settings.
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(text []byte) error {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		return fmt.Errorf("%s is no duration: write \"10s\"", text)
	}
	parsed, err := time.ParseDuration(written)
	if err != nil {
		return fmt.Errorf("%q is no duration: write \"10s\"", written)
	}
	*d = Duration(parsed)
	return nil
}

// decode reads settings over the defaults. A setting that is not known is a fault.
func decode(text string, into any) []*proto.FieldError {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, after := decoder.Token(); !errors.Is(after, io.EOF) {
			return []*proto.FieldError{{Message: "there is more than one JSON object"}}
		}
		return nil
	}
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return []*proto.FieldError{{Field: wrongType.Field, Message: fmt.Sprintf("is a %s and must be a %s", wrongType.Value, wrongType.Type)}}
	}
	if quoted, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		if name, unquoted := strconv.Unquote(quoted); unquoted == nil {
			return []*proto.FieldError{{Field: name, Message: "there is no such setting; `pharos-agent plugin check` lists those there are"}}
		}
	}
	return []*proto.FieldError{{Message: err.Error()}}
}

// fieldErrors takes joined errors apart.
func fieldErrors(err error) []*proto.FieldError {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*proto.FieldError
		for _, one := range joined.Unwrap() {
			all = append(all, fieldErrors(one)...)
		}
		return all
	}
	if field, ok := errors.AsType[*FieldError](err); ok {
		return []*proto.FieldError{{Field: field.Name, Message: field.Message}}
	}
	return []*proto.FieldError{{Message: err.Error()}}
}
