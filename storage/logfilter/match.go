package logfilter

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Field is one field of a flat record: one of the own fields, or a name with LabelsPrefix or
// JSONPrefix. The value of time is RFC 3339 with nanoseconds.
type Field struct {
	Name, Value string
}

// Match says whether the filter matches the record with these fields. It is the definition
// of the language: stores must agree with it.
func Match(f *Filter, fields []Field) bool {
	if f.MatchesAll() {
		return true
	}
	return f.Root.match(&record{fields})
}

type record struct{ fields []Field }

// any calls test with every non-empty value that name stands for until one is true.
func (r *record) any(name string, test func(value string) bool) bool {
	literal := IsOwnField(name) || strings.HasPrefix(name, LabelsPrefix) || strings.HasPrefix(name, JSONPrefix)
	for i := range r.fields {
		f := &r.fields[i]
		if f.Value == "" {
			continue
		}
		found := f.Name == name
		if !literal {
			rest, isLabel := strings.CutPrefix(f.Name, LabelsPrefix)
			if !isLabel {
				rest, isLabel = strings.CutPrefix(f.Name, JSONPrefix)
			}
			found = isLabel && rest == name
		}
		if found && test(f.Value) {
			return true
		}
	}
	return false
}

func (n AllOf) match(r *record) bool {
	for _, node := range n.Nodes {
		if !node.match(r) {
			return false
		}
	}
	return true
}

func (n AnyOf) match(r *record) bool {
	return slices.ContainsFunc(n.Nodes, func(node Node) bool { return node.match(r) })
}

func (n Not) match(r *record) bool { return !n.Node.match(r) }

func (n Everything) match(*record) bool { return true }

func (n Words) match(r *record) bool {
	return r.any(n.Field, func(value string) bool {
		if n.Fold {
			value = strings.ToLower(value)
		}
		return containsWords(value, n.Words, n.Prefix)
	})
}

func (n Exists) match(r *record) bool {
	return r.any(n.Field, func(string) bool { return true })
}

func (n Exact) match(r *record) bool {
	return r.any(n.Field, func(value string) bool { return slices.Contains(n.Values, value) })
}

func (n Regexp) match(r *record) bool {
	return r.any(n.Field, n.Expression.MatchString)
}

func (n Range) match(r *record) bool {
	return r.any(n.Field, func(value string) bool {
		number, ok := ParseNumber(value)
		return ok && n.contains(number)
	})
}

func (n Range) contains(number float64) bool {
	if n.MinExclusive && number == n.Min || n.MaxExclusive && number == n.Max {
		return false
	}
	return number >= n.Min && number <= n.Max
}

func (n TimeRange) match(r *record) bool {
	return r.any(FieldTime, func(value string) bool {
		at, err := time.Parse(time.RFC3339Nano, value)
		return err == nil && at.UnixNano() >= n.Min && at.UnixNano() <= n.Max
	})
}

// ParseNumber reads a decimal number as ranges know it: digits with an optional minus and an
// optional fraction; false for anything else.
func ParseNumber(text string) (float64, bool) {
	if !isDecimal(text) {
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}

// isDecimal matches -?[0-9]+(\.[0-9]+)?
func isDecimal(text string) bool {
	text = strings.TrimPrefix(text, "-")
	whole, fraction, dotted := strings.Cut(text, ".")
	return isDigits(whole) && (!dotted || isDigits(fraction))
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
