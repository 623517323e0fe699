package logfilter

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// dotMatchesNewline begins every expression: a message of several lines is one text.
const dotMatchesNewline = "(?s)"

// condition reads what stands after `field:`, or a condition on message when bare.
func (p *parser) condition(field string, bare bool) (Node, error) {
	start := p.pos
	switch {
	case p.take('='):
		return p.exact(field)
	case p.take('~'):
		return p.regexp(field)
	case p.peek() == '>' || p.peek() == '<':
		return p.comparison(field)
	case p.call("range"):
		return p.between(field)
	case p.call("in"):
		return p.in(field)
	case p.call("i"):
		return p.folded(field)
	case p.peek() == '-':
		return nil, p.fail(start, "has a - after the colon", `write -field:value to negate, or field:"-value"`)
	case p.take('*'):
		if !p.atEnd() {
			return nil, p.fail(start, "has a * before a text", `put * at the end only, or use field:~"regexp"`)
		}
		if bare || field == FieldTime {
			return Everything{}, nil
		}
		return Exists{field}, nil
	}
	text, err := p.value()
	if err != nil {
		return nil, err
	}
	if text == "" && !p.peekIs('*') {
		if field == FieldTime {
			return nil, p.badTime(start)
		}
		return not(Exists{field}), nil
	}
	return p.words(field, text, start, false)
}

// words makes a condition of a text and the star that may follow it.
func (p *parser) words(field, text string, start int, fold bool) (Node, error) {
	prefix := p.take('*')
	if prefix && !p.atEnd() {
		p.pos--
		return nil, p.unexpected()
	}
	switch {
	case field == FieldTime:
		return nil, p.badTime(start)
	case field == FieldID && (prefix || fold):
		return nil, p.badID(start)
	case field == FieldID:
		return Exact{Field: field, Values: []string{text}}, nil
	}
	if prefix {
		last, _ := utf8.DecodeLastRuneInString(text)
		prefix = IsWordRune(last)
	}
	if fold {
		text = strings.ToLower(text)
	}
	words := SplitWords(text)
	if len(words) == 0 {
		return nil, p.fail(start, fmt.Sprintf("has the text %q without a word in it", text), `match whole values with field:=, parts with field:~"regexp"`)
	}
	return Words{Field: field, Words: words, Prefix: prefix, Fold: fold}, nil
}

func (p *parser) exact(field string) (Node, error) {
	start := p.pos
	text, err := p.value()
	if err != nil {
		return nil, err
	}
	if field == FieldTime {
		at, err := p.parseTime(text, start)
		return TimeRange{at, at}, err
	}
	if p.peekIs('*') {
		return nil, p.unexpected()
	}
	if text == "" {
		return not(Exists{field}), nil
	}
	return Exact{Field: field, Values: []string{text}}, nil
}

func (p *parser) regexp(field string) (Node, error) {
	start := p.pos
	text, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.peekIs('*') {
		return nil, p.fail(p.pos, "has a regular expression without quotes", `quote it, as in field:~"a.*b"`)
	}
	if field == FieldTime {
		return nil, p.badTime(start)
	}
	if field == FieldID {
		return nil, p.badID(start)
	}
	expression, err := regexp.Compile(dotMatchesNewline + text)
	if err != nil {
		return nil, p.fail(start, "has a wrong regular expression: "+strings.Replace(err.Error(), dotMatchesNewline, "", 1), "see https://github.com/google/re2/wiki/Syntax")
	}
	return Regexp{Field: field, Expression: expression}, nil
}

func (p *parser) comparison(field string) (Node, error) {
	sign := p.peek()
	p.pos++
	exclusive := !p.take('=')
	start := p.pos
	text, err := p.value()
	if err != nil {
		return nil, err
	}
	low, high := text, ""
	if sign == '<' {
		low, high = "", text
	}
	return p.newRange(field, start, bound{low, exclusive}, bound{high, exclusive})
}

// between reads the rest of range(1, 10], in which a square bracket includes the number.
func (p *parser) between(field string) (Node, error) {
	start := p.pos
	low := bound{exclusive: p.text[p.pos-1] == '('}
	var high bound
	var err error
	if low.text, err = p.argument(); err != nil {
		return nil, err
	}
	if !p.take(',') {
		return nil, p.fail(p.pos, "has a range without two ends", "write range(1, 10] or range[1, 10)")
	}
	if high.text, err = p.argument(); err != nil {
		return nil, err
	}
	high.exclusive = p.peekIs(')')
	if !p.take(')') && !p.take(']') {
		return nil, p.fail(p.pos, "has a range that is not closed", "write range(1, 10] or range[1, 10)")
	}
	if low.text == "" || high.text == "" {
		return nil, p.fail(start, "has a range without two ends", "write range(1, 10] or range[1, 10)")
	}
	return p.newRange(field, start, low, high)
}

// bound is an end of a range; an empty text leaves it open.
type bound struct {
	text      string
	exclusive bool
}

func (p *parser) newRange(field string, start int, low, high bound) (Node, error) {
	switch {
	case field == FieldTime:
		return p.newTimeRange(start, low, high)
	case field == FieldID:
		return nil, p.badID(start)
	case low.text == "" && high.text == "":
		return nil, p.fail(start, "compares with nothing", "add a number, as in latency:>500")
	}
	node := Range{Field: field, Min: math.Inf(-1), Max: math.Inf(1)}
	for _, end := range []struct {
		bound
		number    *float64
		exclusive *bool
	}{{low, &node.Min, &node.MinExclusive}, {high, &node.Max, &node.MaxExclusive}} {
		if end.text == "" {
			continue
		}
		number, err := strconv.ParseFloat(end.text, 64)
		if err != nil || !isDecimal(end.text) {
			return nil, p.fail(start, fmt.Sprintf("compares with %q, which is not a number", end.text), "use a decimal number, as in latency:>500")
		}
		*end.number, *end.exclusive = number, end.bound.exclusive
	}
	return node, nil
}

func (p *parser) newTimeRange(start int, low, high bound) (Node, error) {
	node := TimeRange{math.MinInt64, math.MaxInt64}
	if low.text != "" || high.text == "" {
		at, err := p.parseTime(low.text, start)
		if err != nil {
			return nil, err
		}
		if low.exclusive {
			at++
		}
		node.Min = at
	}
	if high.text != "" {
		at, err := p.parseTime(high.text, start)
		if err != nil {
			return nil, err
		}
		if high.exclusive {
			at--
		}
		node.Max = at
	}
	return node, nil
}

// parseTime returns Unix nanoseconds of a time that these can hold, to the nanosecond.
func (p *parser) parseTime(text string, start int) (int64, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() < 1680 || at.Year() > 2260 {
		return 0, p.badTime(start)
	}
	return at.UnixNano(), nil
}

func (p *parser) in(field string) (Node, error) {
	start := p.pos
	var values []string
	for {
		value, err := p.argument()
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		if p.take(')') {
			break
		}
		if !p.take(',') {
			return nil, p.fail(p.pos, "has a list that is not closed", `write in(a, "b c")`)
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	switch {
	case field == FieldTime:
		return nil, p.badTime(start)
	case values[0] != "":
		return Exact{Field: field, Values: values}, nil
	case len(values) == 1:
		return not(Exists{field}), nil
	}
	return anyOf([]Node{not(Exists{field}), Exact{Field: field, Values: values[1:]}}), nil
}

// folded reads the rest of i(...).
func (p *parser) folded(field string) (Node, error) {
	p.skipSpace()
	start := p.pos
	text, err := p.value()
	if err != nil {
		return nil, err
	}
	node, err := p.words(field, text, start, true)
	if err != nil {
		return nil, err
	}
	p.skipSpace()
	if !p.take(')') {
		return nil, p.fail(p.pos, "has an i( that is not closed", `write i(word) or i("some words")`)
	}
	return node, nil
}

// call reads the name of a function and its bracket.
func (p *parser) call(name string) bool {
	rest, found := strings.CutPrefix(p.text[p.pos:], name)
	if !found || rest == "" || rest[0] != '(' && (name != "range" || rest[0] != '[') {
		return false
	}
	p.pos += len(name) + 1
	return true
}

// argument reads a value and the space around it.
func (p *parser) argument() (string, error) {
	p.skipSpace()
	text, err := p.value()
	p.skipSpace()
	return text, err
}

// value reads a quoted text or a run without quotes, which ends too early when it is empty.
func (p *parser) value() (string, error) {
	if isQuote(p.peek()) {
		return p.quoted()
	}
	text := p.run("")
	if text == "" {
		return "", p.unexpected()
	}
	return text, nil
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

func (p *parser) quoted() (string, error) {
	start := p.pos
	rest := p.text[p.pos:]
	if rest[0] == '\'' {
		rest = doubleQuoted(rest)
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", p.fail(start, "has a quote that is not closed, or a wrong escape in it", `close it; write \" and \\ inside of "..."`)
	}
	text, err := strconv.Unquote(quoted)
	if err != nil || !utf8.ValidString(text) {
		return "", p.fail(start, "has a wrong escape in a quoted text", `write \" and \\ inside of "..."`)
	}
	if p.text[start] == '\'' {
		p.pos += singleQuotedLength(p.text[start:])
	} else {
		p.pos += len(quoted)
	}
	return text, nil
}

// singleQuotedLength returns how long the text in single quotes is, with them; 0 when it has
// no end.
func singleQuotedLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return 0
}

// doubleQuoted rewrites the text in single quotes with double ones, for strconv.
func doubleQuoted(text string) string {
	length := singleQuotedLength(text)
	if length == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte('"')
	inner := text[1 : length-1]
	for i := 0; i < len(inner); i++ {
		switch {
		case inner[i] == '"':
			b.WriteString(`\"`)
		case inner[i] == '\\' && i+1 < len(inner) && inner[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case inner[i] == '\\' && i+1 < len(inner):
			b.WriteString(inner[i : i+2])
			i++
		default:
			b.WriteByte(inner[i])
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (p *parser) peekIs(c byte) bool { return !p.done() && p.peek() == c }

// atEnd says whether a condition can end here.
func (p *parser) atEnd() bool {
	if p.done() || p.peek() == ')' {
		return true
	}
	before := p.pos
	p.skipSpace()
	moved := p.pos > before
	p.pos = before
	return moved
}

func (p *parser) badTime(at int) error {
	return p.fail(at, "has a condition on time that is not understood", "write time:>=2026-01-02T03:04:05Z, or use from and to")
}

func (p *parser) badID(at int) error {
	return p.fail(at, "has a condition on id that is not understood", "ids are matched whole: id:=value or id:in(...)")
}
