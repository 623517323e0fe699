package document

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Decode reads a document that another program wrote. Members that we do not know are left out;
// their paths come back. What does not fit its type is an error that names its path.
func Decode(content []byte) (*Dashboard, []string, error) {
	var value any
	if err := json.Unmarshal(content, &value); err != nil {
		return nil, nil, errcode.InvalidField("document", "is not valid JSON: "+err.Error(), "send the whole file")
	}
	var left []string
	prune(value, reflect.TypeFor[Dashboard](), "", &left)
	known, err := json.Marshal(value)
	if err != nil {
		return nil, nil, errcode.InvalidField("document", err.Error(), "send the whole file")
	}
	d := &Dashboard{}
	if err := json.Unmarshal(known, d); err != nil {
		return nil, nil, typeError(err)
	}
	d.Normalize()
	return d, left, nil
}

func typeError(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errcode.InvalidField(wrong.Field, "is a "+wrong.Value, "send "+strings.TrimPrefix(wrong.Type.String(), "document."))
	}
	return errcode.InvalidField("document", err.Error(), "correct it; docs/formats/dashboards.md describes the format")
}

// prune removes the members of a decoded value that its type does not have, and notes their
// paths.
func prune(value any, typ reflect.Type, path string, left *[]string) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch typed := value.(type) {
	case map[string]any:
		pruneObject(typed, typ, path, left)
	case []any:
		if typ.Kind() == reflect.Slice {
			for i, element := range typed {
				prune(element, typ.Elem(), path+"["+strconv.Itoa(i)+"]", left)
			}
		}
	}
}

func pruneObject(object map[string]any, typ reflect.Type, path string, left *[]string) {
	var members map[string]reflect.Type
	switch {
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[Value]():
		members = membersOf(typ)
	case typ.Kind() != reflect.Map || typ.Elem().Kind() == reflect.Interface:
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		member := reflect.Type(nil)
		if members == nil {
			member = typ.Elem()
		} else if member = members[name]; member == nil {
			*left = append(*left, at)
			delete(object, name)
			continue
		}
		prune(object[name], member, at, left)
	}
}

// membersOf returns the types of a struct's members by their names in JSON.
func membersOf(typ reflect.Type) map[string]reflect.Type {
	members := make(map[string]reflect.Type, typ.NumField())
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		members[name] = field.Type
	}
	return members
}
