package limitsprocessor

import (
	"fmt"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/pharos-obs/pharos/internal/utf8text"
)

// attributeLimits limits the attributes of a point, a record or a resource.
type attributeLimits struct {
	count, name, value int
	word               string // what they are called: labels or attributes
}

// resourceLimits are wide: SDKs put whole command lines into a resource, and refusing it refuses
// everything that its process sends.
func resourceLimits() attributeLimits {
	return attributeLimits{count: 256, name: 256, value: 256 << 10, word: "resource attributes"}
}

// allow says whether all is well. It is called for every item and allocates nothing.
func (a attributeLimits) allow(attributes pcommon.Map) bool {
	if attributes.Len() > a.count {
		return false
	}
	for name, value := range attributes.All() {
		if name == "" || len(name) > a.name || !utf8text.Valid(name) {
			return false
		}
		if value.Type() == pcommon.ValueTypeStr {
			if text := value.Str(); len(text) > a.value || !utf8text.Valid(text) {
				return false
			}
		} else if size, ok := measure(value); !ok || size > a.value {
			return false
		}
	}
	return true
}

// find returns the first violation, and nil when all is well.
func (a attributeLimits) find(attributes pcommon.Map) *violation {
	if n := attributes.Len(); n > a.count {
		return &violation{fieldLabels, reasonLabelLimit, fmt.Sprintf("%d %s are more than the %d allowed; send fewer", n, a.word, a.count)}
	}
	for name, value := range attributes.All() {
		switch {
		case name == "":
			return &violation{fieldLabels, reasonLabel, "one of the " + a.word + " has an empty name; name it"}
		case len(name) > a.name:
			return &violation{fieldLabels, reasonLabel, fmt.Sprintf("the name %q... is %d bytes, longer than the %d allowed; shorten it", prefix(name), len(name), a.name)}
		case !utf8text.Valid(name):
			return &violation{fieldLabels, reasonLabel, fmt.Sprintf("the name %q is not valid UTF-8; encode text as UTF-8", prefix(name))}
		}
		size, ok := measure(value)
		if !ok {
			return &violation{fieldLabels, reasonLabel, fmt.Sprintf("the value of %q is not valid UTF-8; encode text as UTF-8", prefix(name))}
		}
		if size > a.value {
			return &violation{fieldLabels, reasonTooLarge, fmt.Sprintf("the value of %q is %d bytes, longer than the %d allowed; shorten it", prefix(name), size, a.value)}
		}
	}
	return nil
}

// measure returns how many bytes of text and binary a value holds, and whether the text is UTF-8.
func measure(value pcommon.Value) (size int, ok bool) {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		text := value.Str()
		return len(text), utf8text.Valid(text)
	case pcommon.ValueTypeBytes:
		return value.Bytes().Len(), true
	case pcommon.ValueTypeMap:
		for name, member := range value.Map().All() {
			more, memberOK := measure(member)
			if !memberOK || !utf8text.Valid(name) {
				return 0, false
			}
			size += len(name) + more
		}
		return size, true
	case pcommon.ValueTypeSlice:
		for _, member := range value.Slice().All() {
			more, memberOK := measure(member)
			if !memberOK {
				return 0, false
			}
			size += more
		}
		return size, true
	}
	return 0, true
}

// prefix keeps what a client sent from filling a message.
func prefix(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	for cut := most; cut > most-utf8.UTFMax; cut-- {
		if utf8.RuneStart(text[cut]) {
			return text[:cut]
		}
	}
	return text[:most]
}
