package logfilter

import (
	"math"
	"regexp"
	"slices"
	"time"
)

// Names of the fields that every record has of its own. All others are labels and members of
// the json object.
const (
	FieldTime       = "time"
	FieldService    = "service"
	FieldInstanceID = "instance_id"
	FieldLevel      = "level"
	FieldMessage    = "message"
	FieldTraceID    = "trace_id"
	FieldSpanID     = "span_id"
	FieldID         = "id"

	// LabelsPrefix and JSONPrefix stand before the names of labels and json members.
	LabelsPrefix = "labels."
	JSONPrefix   = "json."
)

// IsOwnField says whether name is one of the record's own fields.
func IsOwnField(name string) bool {
	switch name {
	case FieldTime, FieldService, FieldInstanceID, FieldLevel, FieldMessage, FieldTraceID, FieldSpanID, FieldID:
		return true
	}
	return false
}

// Filter is a parsed filter. A nil filter and one with a nil root match everything.
type Filter struct {
	Root Node
}

// Node is a part of a filter: AllOf, AnyOf, Not or one of the conditions.
type Node interface {
	appendTo(dst []byte) []byte
	match(r *record) bool
}

// AllOf is true when all its nodes are. It has at least two.
type AllOf struct{ Nodes []Node }

// AnyOf is true when one of its nodes is. It has at least two.
type AnyOf struct{ Nodes []Node }

// Not is true when its node is not.
type Not struct{ Node Node }

// Everything is always true.
type Everything struct{}

// Words is true when the field has these words beside each other.
type Words struct {
	Field  string
	Words  []string // at least one; in lower case when Fold is set
	Prefix bool     // the last word only begins so
	Fold   bool     // case does not count
}

// Exists is true when the field has a value that is not empty. Not of it is `field:""`.
type Exists struct{ Field string }

// Exact is true when the value of the field is one of these, which are not empty.
type Exact struct {
	Field  string
	Values []string // at least one
}

// Regexp is true when the expression matches a part of the field's value, which is not empty.
type Regexp struct {
	Field      string
	Expression *regexp.Regexp
}

// Range is true when the field holds a number between the two.
type Range struct {
	Field        string
	Min, Max     float64 // infinite where open
	MinExclusive bool
	MaxExclusive bool
}

// TimeRange is true when the record's time is in [Min, Max], in Unix nanoseconds.
type TimeRange struct{ Min, Max int64 }

// And returns a filter that matches what all filters match. Nil filters are left out.
func And(filters ...*Filter) *Filter {
	var nodes []Node
	for _, f := range filters {
		if f == nil || f.Root == nil {
			continue
		}
		nodes = append(nodes, f.Root)
	}
	return &Filter{Root: allOf(nodes)}
}

// FieldEquals returns a filter that matches records whose field has just this value; an empty
// value means that the field is absent or empty.
func FieldEquals(field, value string) *Filter {
	if value == "" {
		return &Filter{Root: Not{Exists{field}}}
	}
	if field == FieldTime {
		at, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return &Filter{Root: Not{Everything{}}}
		}
		return &Filter{Root: TimeRange{at.UnixNano(), at.UnixNano()}}
	}
	return &Filter{Root: Exact{Field: field, Values: []string{value}}}
}

// MatchesAll says whether the filter matches every record.
func (f *Filter) MatchesAll() bool {
	if f == nil || f.Root == nil {
		return true
	}
	_, ok := f.Root.(Everything)
	return ok
}

// allOf joins nodes, and takes apart those that are AllOf themselves.
func allOf(nodes []Node) Node {
	flat := make([]Node, 0, len(nodes))
	for _, node := range nodes {
		if inner, ok := node.(AllOf); ok {
			flat = append(flat, inner.Nodes...)
			continue
		}
		flat = append(flat, node)
	}
	switch len(flat) {
	case 0:
		return nil
	case 1:
		return flat[0]
	}
	return AllOf{flat}
}

// anyOf joins nodes, and takes apart those that are AnyOf themselves.
func anyOf(nodes []Node) Node {
	flat := make([]Node, 0, len(nodes))
	for _, node := range nodes {
		if inner, ok := node.(AnyOf); ok {
			flat = append(flat, inner.Nodes...)
			continue
		}
		flat = append(flat, node)
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return AnyOf{flat}
}

// not negates a node; two negations are none.
func not(node Node) Node {
	if inner, ok := node.(Not); ok {
		return inner.Node
	}
	return Not{node}
}

// Equal says whether two filters are the same, node by node.
func Equal(a, b *Filter) bool {
	return equalNodes(rootOf(a), rootOf(b))
}

func rootOf(f *Filter) Node {
	if f == nil {
		return nil
	}
	return f.Root
}

func equalNodes(a, b Node) bool {
	switch a := a.(type) {
	case AllOf:
		other, ok := b.(AllOf)
		return ok && slices.EqualFunc(a.Nodes, other.Nodes, equalNodes)
	case AnyOf:
		other, ok := b.(AnyOf)
		return ok && slices.EqualFunc(a.Nodes, other.Nodes, equalNodes)
	case Not:
		other, ok := b.(Not)
		return ok && equalNodes(a.Node, other.Node)
	case Words:
		other, ok := b.(Words)
		return ok && a.Field == other.Field && a.Prefix == other.Prefix && a.Fold == other.Fold && slices.Equal(a.Words, other.Words)
	case Exact:
		other, ok := b.(Exact)
		return ok && a.Field == other.Field && slices.Equal(a.Values, other.Values)
	case Regexp:
		other, ok := b.(Regexp)
		return ok && a.Field == other.Field && a.Expression.String() == other.Expression.String()
	}
	return a == b
}

// hasMin and hasMax say whether the ends of a range are set.
func (r Range) hasMin() bool { return !math.IsInf(r.Min, -1) }
func (r Range) hasMax() bool { return !math.IsInf(r.Max, 1) }

// timeText writes Unix nanoseconds as the language reads them.
func timeText(ns int64) string {
	return time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
}
