package plugin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// schema describes a type of settings with its defaults as JSON Schema.
func schema(defaults any) (string, error) {
	root := reflect.ValueOf(defaults).Elem()
	described, err := describeType(root.Type(), root)
	if err != nil {
		return "", err
	}
	described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	text, err := json.Marshal(described)
	return string(text), err
}

// describeType describes a type; value holds the default and is invalid where there is none.
func describeType(t reflect.Type, value reflect.Value) (map[string]any, error) {
	if t == reflect.TypeFor[Duration]() {
		return map[string]any{"type": "string", "examples": []string{"10s", "5m"}}, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}, nil
	case reflect.String:
		return map[string]any{"type": "string"}, nil
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}, nil
	case reflect.Pointer:
		return describeType(t.Elem(), reflect.Value{})
	case reflect.Slice, reflect.Array:
		items, err := describeType(t.Elem(), reflect.Value{})
		return map[string]any{"type": "array", "items": items}, err
	case reflect.Map:
		values, err := describeType(t.Elem(), reflect.Value{})
		return map[string]any{"type": "object", "additionalProperties": values}, err
	case reflect.Interface:
		return map[string]any{}, nil
	case reflect.Struct:
		return describeStruct(t, value)
	}
	return nil, fmt.Errorf("a setting cannot be a %s", t)
}

func describeStruct(t reflect.Type, value reflect.Value) (map[string]any, error) {
	properties := map[string]any{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			return nil, fmt.Errorf("the field %s of the settings has no json tag", field.Name)
		}
		var preset reflect.Value
		if value.IsValid() {
			preset = value.Field(i)
		}
		described, err := describeType(field.Type, preset)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if doc := field.Tag.Get("doc"); doc != "" {
			described["description"] = doc
		}
		if field.Tag.Get("secret") == "true" {
			described["writeOnly"] = true
		} else if preset.IsValid() && !preset.IsZero() && field.Type.Kind() != reflect.Struct {
			described["default"] = preset.Interface()
		}
		properties[name] = described
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}, nil
}
