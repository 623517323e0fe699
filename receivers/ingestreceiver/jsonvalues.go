package ingestreceiver

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Reasons of rejections that arise in reading; others are those of storage/rejection.
const (
	reasonSyntax       = "syntax"
	reasonUnknownField = "unknown_field"
	reasonDuplicate    = "duplicate_field"
	reasonMissing      = "missing_field"
	reasonType         = "wrong_type"
	reasonEncoding     = "invalid_utf8"
	reasonTime         = "time_invalid"
	reasonName         = "name_invalid"
	reasonLabel        = "label_invalid"
	reasonValue        = "value_invalid"
)

// name reads a member's name. It is valid until the next read.
func (r *jsonReader) name() ([]byte, error) {
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return nil, err
	}
	return r.unquote(raw), nil
}

// unquote returns the text of a JSON string, valid until the next read.
func (r *jsonReader) unquote(raw jsontext.Value) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	// The decoder has checked the string; an error can only be about UTF-8, which checkText finds.
	r.unquoted, _ = jsontext.AppendUnquote(r.unquoted[:0], raw)
	return r.unquoted
}

// null says whether the next value is null, and reads it then: it counts as not sent.
func (r *jsonReader) null() (bool, error) {
	if r.decoder.PeekKind() != 'n' {
		return false, nil
	}
	return true, r.decoder.SkipValue()
}

// scalar reads a value of the kind, which is '"' or '0', or null, which is nil.
func (r *jsonReader) scalar(field string, kind jsontext.Kind, want string) (jsontext.Value, error) {
	if null, err := r.null(); null || err != nil {
		return nil, err
	}
	if got := r.decoder.PeekKind(); got != kind && got != jsontext.KindInvalid {
		if err := r.decoder.SkipValue(); err != nil {
			return nil, err
		}
		return nil, &itemError{field, reasonType, "must be " + want + ", is " + kindName(got)}
	}
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return nil, err
	}
	if !r.valid && !utf8.Valid(raw) {
		return nil, &itemError{field, reasonEncoding, "is not valid UTF-8; encode text as UTF-8"}
	}
	return raw, nil
}

// text reads a string; null is empty.
func (r *jsonReader) text(field string) (string, error) {
	raw, err := r.scalar(field, '"', "a string")
	if err != nil || raw == nil {
		return "", err
	}
	return string(r.unquote(raw)), nil
}

// word reads a string that is likely to come again, and keeps one copy of it.
func (r *jsonReader) word(field string) (string, error) {
	raw, err := r.scalar(field, '"', "a string")
	if err != nil || raw == nil {
		return "", err
	}
	return r.intern(r.unquote(raw)), nil
}

const (
	maxInternedLength = 64
	maxInterned       = 1024
)

func (r *jsonReader) intern(text []byte) string {
	if known, ok := r.interned[string(text)]; ok {
		return known
	}
	fresh := string(text)
	if len(fresh) <= maxInternedLength && len(r.interned) < maxInterned {
		r.interned[fresh] = fresh
	}
	return fresh
}

// number reads a number; null is false.
func (r *jsonReader) number(field string) (value float64, ok bool, err error) {
	raw, err := r.scalar(field, '0', "a number (NaN and Inf cannot be sent)")
	if err != nil || raw == nil {
		return 0, false, err
	}
	value, err = strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return 0, false, &itemError{field, reasonValue, fmt.Sprintf("%s is too large for a 64-bit floating-point number", shorten(string(raw)))}
	}
	return value, true, nil
}

// strings reads an object whose values are strings, and calls add for each; null is none.
func (r *jsonReader) strings(field string, add func(name, value string) error) error {
	if null, err := r.null(); null || err != nil {
		return err
	}
	if err := r.open(field); err != nil {
		return err
	}
	for r.decoder.PeekKind() != '}' {
		raw, err := r.decoder.ReadValue()
		if err != nil {
			return err
		}
		if !r.valid && !utf8.Valid(raw) {
			return &itemError{field, reasonEncoding, "a name is not valid UTF-8; encode text as UTF-8"}
		}
		name := r.intern(r.unquote(raw))
		if kind := r.decoder.PeekKind(); kind != '"' && kind != jsontext.KindInvalid {
			if err := r.decoder.SkipValue(); err != nil {
				return err
			}
			return &itemError{field, reasonType, fmt.Sprintf("the value of %q must be a string, is %s; put it in quotes", shorten(name), kindName(kind))}
		}
		value, err := r.word(field)
		if err != nil {
			return err
		}
		if err := add(name, value); err != nil {
			return err
		}
	}
	_, err := r.decoder.ReadToken()
	return err
}

// open reads the start of an object.
func (r *jsonReader) open(field string) error {
	if kind := r.decoder.PeekKind(); kind != '{' && kind != jsontext.KindInvalid {
		if err := r.decoder.SkipValue(); err != nil {
			return err
		}
		return &itemError{field, reasonType, "must be an object, is " + kindName(kind)}
	}
	_, err := r.decoder.ReadToken()
	return err
}

// object reads an object of any shape into a map.
func (r *jsonReader) object(field string, into pcommon.Map) error {
	if err := r.open(field); err != nil {
		return err
	}
	return r.members(field, into)
}

// members reads an object whose start was read.
func (r *jsonReader) members(field string, into pcommon.Map) error {
	for r.decoder.PeekKind() != '}' {
		raw, err := r.decoder.ReadValue()
		if err != nil {
			return err
		}
		if !r.valid && !utf8.Valid(raw) {
			return &itemError{field, reasonEncoding, "a name is not valid UTF-8; encode text as UTF-8"}
		}
		if err := r.any(field, into.PutEmpty(r.intern(r.unquote(raw)))); err != nil {
			return err
		}
	}
	_, err := r.decoder.ReadToken()
	return err
}

// maxJSONDepth is how deep arrays and objects may nest in an item; stores flatten them.
const maxJSONDepth = 32

// any reads one value of any kind.
func (r *jsonReader) any(field string, into pcommon.Value) error {
	if r.decoder.StackDepth() > maxJSONDepth {
		return &itemError{field, reasonValue, fmt.Sprintf("nests deeper than %d levels; flatten it or send the inner part as a string", maxJSONDepth)}
	}
	switch r.decoder.PeekKind() {
	case '{':
		if _, err := r.decoder.ReadToken(); err != nil {
			return err
		}
		return r.members(field, into.SetEmptyMap())
	case '[':
		if _, err := r.decoder.ReadToken(); err != nil {
			return err
		}
		slice := into.SetEmptySlice()
		for r.decoder.PeekKind() != ']' {
			if err := r.any(field, slice.AppendEmpty()); err != nil {
				return err
			}
		}
		_, err := r.decoder.ReadToken()
		return err
	case '"':
		value, err := r.text(field)
		into.SetStr(value)
		return err
	case '0':
		return r.anyNumber(field, into)
	}
	token, err := r.decoder.ReadToken()
	if err == nil && token.Kind() != 'n' {
		into.SetBool(token.Bool())
	}
	return err
}

// anyNumber keeps whole numbers whole.
func (r *jsonReader) anyNumber(field string, into pcommon.Value) error {
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return err
	}
	if !bytes.ContainsAny(raw, ".eE") {
		if whole, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			into.SetInt(whole)
			return nil
		}
	}
	value, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return &itemError{field, reasonValue, fmt.Sprintf("the number %s is too large; send it as a string", shorten(string(raw)))}
	}
	into.SetDouble(value)
	return nil
}

// shorten keeps what a client sent from filling an error message.
func shorten(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
