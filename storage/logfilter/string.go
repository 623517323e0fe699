package logfilter

import (
	"math"
	"strconv"
	"strings"
)

// String returns the filter in the language; Parse of it gives an equal filter.
func (f *Filter) String() string {
	if f == nil || f.Root == nil {
		return ""
	}
	return string(f.Root.appendTo(nil))
}

func (n AllOf) appendTo(dst []byte) []byte {
	for i, node := range n.Nodes {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if _, ok := node.(AnyOf); ok {
			dst = appendGroup(dst, node)
			continue
		}
		dst = node.appendTo(dst)
	}
	return dst
}

func (n AnyOf) appendTo(dst []byte) []byte {
	for i, node := range n.Nodes {
		if i > 0 {
			dst = append(dst, " OR "...)
		}
		dst = node.appendTo(dst)
	}
	return dst
}

func (n Not) appendTo(dst []byte) []byte {
	dst = append(dst, '-')
	switch n.Node.(type) {
	case AllOf, AnyOf:
		return appendGroup(dst, n.Node)
	}
	return n.Node.appendTo(dst)
}

func appendGroup(dst []byte, node Node) []byte {
	dst = append(dst, '(')
	dst = node.appendTo(dst)
	return append(dst, ')')
}

func (n Everything) appendTo(dst []byte) []byte { return append(dst, '*') }

func (n Words) appendTo(dst []byte) []byte {
	dst = appendField(dst, n.Field)
	if n.Fold {
		dst = append(dst, "i("...)
	}
	dst = appendText(dst, strings.Join(n.Words, " "))
	if n.Prefix {
		dst = append(dst, '*')
	}
	if n.Fold {
		dst = append(dst, ')')
	}
	return dst
}

func (n Exists) appendTo(dst []byte) []byte {
	return append(appendName(dst, n.Field), ":*"...)
}

func (n Exact) appendTo(dst []byte) []byte {
	dst = appendField(dst, n.Field)
	if len(n.Values) == 1 {
		dst = append(dst, '=')
		return appendText(dst, n.Values[0])
	}
	dst = append(dst, "in("...)
	for i, value := range n.Values {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendText(dst, value)
	}
	return append(dst, ')')
}

func (n Regexp) appendTo(dst []byte) []byte {
	dst = append(appendField(dst, n.Field), '~')
	return strconv.AppendQuote(dst, strings.TrimPrefix(n.Expression.String(), dotMatchesNewline))
}

func (n Range) appendTo(dst []byte) []byte {
	dst = appendField(dst, n.Field)
	switch {
	case n.hasMin() && n.hasMax():
		dst = append(dst, "range"...)
		dst = append(dst, pick(n.MinExclusive, '(', '['))
		dst = append(appendNumber(dst, n.Min), ", "...)
		dst = appendNumber(dst, n.Max)
		return append(dst, pick(n.MaxExclusive, ')', ']'))
	case n.hasMax():
		return appendNumber(appendSign(dst, '<', n.MaxExclusive), n.Max)
	}
	return appendNumber(appendSign(dst, '>', n.MinExclusive), n.Min)
}

func (n TimeRange) appendTo(dst []byte) []byte {
	dst = append(dst, "time:"...)
	switch {
	case n.Min == n.Max:
		dst = append(dst, '=')
		return appendText(dst, timeText(n.Min))
	case n.Max == math.MaxInt64:
		dst = append(dst, ">="...)
		return appendText(dst, timeText(n.Min))
	case n.Min == math.MinInt64:
		dst = append(dst, "<="...)
		return appendText(dst, timeText(n.Max))
	}
	dst = append(appendText(append(dst, "range["...), timeText(n.Min)), ", "...)
	return append(appendText(dst, timeText(n.Max)), ']')
}

func pick(yes bool, a, b byte) byte {
	if yes {
		return a
	}
	return b
}

func appendSign(dst []byte, sign byte, exclusive bool) []byte {
	dst = append(dst, sign)
	if !exclusive {
		dst = append(dst, '=')
	}
	return dst
}

func appendNumber(dst []byte, number float64) []byte {
	return strconv.AppendFloat(dst, number, 'f', -1, 64)
}

// appendField writes the field before a condition, but for message.
func appendField(dst []byte, field string) []byte {
	if field == FieldMessage {
		return dst
	}
	return append(appendName(dst, field), ':')
}

// appendName writes the name of a field, quoted where it has to be.
func appendName(dst []byte, name string) []byte {
	if isBare(strings.Map(dropNameSign, name)) && name[0] != '-' {
		return append(dst, name...)
	}
	return strconv.AppendQuote(dst, name)
}

// dropNameSign drops what names may hold without quotes, beside words.
func dropNameSign(r rune) rune {
	if r == '.' || r == '-' || r == '/' || r == '@' {
		return -1
	}
	return r
}

// appendText writes a word as it is and quotes anything else.
func appendText(dst []byte, text string) []byte {
	if isBare(text) {
		return append(dst, text...)
	}
	return strconv.AppendQuote(dst, text)
}

func isBare(text string) bool {
	if text == "" || isKeyword(text) {
		return false
	}
	for _, r := range text {
		if !IsWordRune(r) {
			return false
		}
	}
	return true
}
