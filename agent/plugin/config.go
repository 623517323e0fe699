package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
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

// decode reads settings over the defaults. It names every setting that is wrong or not known, and
// then leaves the defaults alone.
func decode(text string, into any) []*proto.FieldError {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return []*proto.FieldError{{Message: "the settings are no JSON object: " + err.Error()}}
	}
	var faults []*proto.FieldError
	for _, name := range slices.Sorted(maps.Keys(given)) {
		alone, err := json.Marshal(map[string]json.RawMessage{name: given[name]})
		if err == nil {
			err = decodeStrictly(alone, reflect.New(reflect.TypeOf(into).Elem()).Interface())
		}
		if err != nil {
			faults = append(faults, settingFault(name, err))
		}
	}
	if len(faults) > 0 {
		return faults
	}
	if err := decodeStrictly([]byte(text), into); err != nil {
		return []*proto.FieldError{{Message: err.Error()}}
	}
	return nil
}

func decodeStrictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// settingFault says what is wrong with a setting, or with one within it.
func settingFault(name string, err error) *proto.FieldError {
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &proto.FieldError{Field: wrongType.Field, Message: fmt.Sprintf("is a %s and must be a %s", wrongType.Value, wrongType.Type)}
	}
	if quoted, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		if unknown, unquoted := strconv.Unquote(quoted); unquoted == nil {
			if unknown != name {
				unknown = name + "." + unknown
			}
			return &proto.FieldError{Field: unknown, Message: "there is no such setting; `pharos-agent plugin check` lists those there are"}
		}
	}
	return &proto.FieldError{Field: name, Message: err.Error()}
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
