package logfilter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	maxLength = 64 << 10
	maxDepth  = 64
)

// Parse reads a filter. Errors are Invalid, about the field "query", with the position (in
// characters, from 1) and what to write instead. Empty text matches everything.
func Parse(text string) (*Filter, error) {
	if len(text) > maxLength {
		return nil, errcode.InvalidField("query", fmt.Sprintf("is %d bytes long", len(text)), fmt.Sprintf("use at most %d", maxLength))
	}
	if !utf8.ValidString(text) {
		return nil, errcode.InvalidField("query", "is not valid UTF-8", "encode it as UTF-8")
	}
	p := &parser{text: text}
	p.skipSpace()
	if p.done() {
		return &Filter{}, nil
	}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.done() {
		return nil, p.unexpected()
	}
	return &Filter{Root: root}, nil
}

type parser struct {
	text  string
	pos   int
	depth int
	field string // of the group that is being read, empty outside of field:(...)
}

// or reads alternatives: the loosest binding.
func (p *parser) or() (Node, error) {
	var nodes []Node
	for {
		node, err := p.and()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
		if !p.keyword("or") {
			return anyOf(nodes), nil
		}
	}
}

// and reads conditions side by side.
func (p *parser) and() (Node, error) {
	var nodes []Node
	for {
		node, err := p.not()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
		if p.keyword("and") {
			continue
		}
		p.skipSpace()
		if p.done() || p.peek() == ')' || p.atKeyword("or") {
			return allOf(nodes), nil
		}
	}
}

func (p *parser) not() (Node, error) {
	p.skipSpace()
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.pos, "is nested too deeply", fmt.Sprintf("use at most %d levels", maxDepth))
	}
	defer func() { p.depth-- }()
	if p.take('-') || p.take('!') || p.keyword("not") {
		node, err := p.not()
		if err != nil {
			return nil, err
		}
		return not(node), nil
	}
	return p.primary()
}

// primary reads a group or a condition.
func (p *parser) primary() (Node, error) {
	if p.take('(') {
		return p.group()
	}
	if p.done() {
		return nil, p.fail(p.pos, "ends where a condition is missing", "add one, such as level:error")
	}
	start := p.pos
	name, isName, err := p.fieldName()
	if err != nil {
		return nil, err
	}
	if !isName {
		p.pos = start
		field := p.field
		if field == "" {
			field = FieldMessage
		}
		return p.condition(field, p.field == "")
	}
	if p.field != "" {
		return nil, p.fail(start, fmt.Sprintf("has the field %q inside %s:(...)", name, p.field), "close the parenthesis first")
	}
	p.skipSpace()
	if p.take('!') {
		node, err := p.condition(name, false)
		if err != nil {
			return nil, err
		}
		return not(node), nil
	}
	if p.take('(') {
		p.field = name
		node, err := p.group()
		p.field = ""
		return node, err
	}
	return p.condition(name, false)
}

// group reads to the closing parenthesis.
func (p *parser) group() (Node, error) {
	start := p.pos - 1
	node, err := p.or()
	if err != nil {
		return nil, err
	}
	p.skipSpace()
	if !p.take(')') {
		if p.done() {
			return nil, p.fail(start, "has a parenthesis that is not closed", "add )")
		}
		return nil, p.unexpected()
	}
	return node, nil
}

// fieldName reads `name:`; false when what stands here is not followed by a colon.
func (p *parser) fieldName() (string, bool, error) {
	var name string
	if isQuote(p.peek()) {
		quoted, err := p.quoted()
		if err != nil {
			return "", false, err
		}
		name = quoted
	} else {
		name = p.run(":=<>~!")
	}
	if !p.take(':') {
		return "", false, nil
	}
	if name == "" {
		return "", false, p.fail(p.pos-1, "has a colon without a field before it", `quote it, as in "a:b", or write field:value`)
	}
	if strings.HasSuffix(name, "*") {
		return "", false, p.fail(p.pos-1, "has a field name that ends in *", "write the whole name")
	}
	return name, true, nil
}

func (p *parser) done() bool { return p.pos >= len(p.text) }

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.done() {
		return 0
	}
	return p.text[p.pos]
}

// take skips the byte if it is next.
func (p *parser) take(c byte) bool {
	if p.peek() != c || p.done() {
		return false
	}
	p.pos++
	return true
}

func (p *parser) skipSpace() {
	rest := p.text[p.pos:]
	p.pos += len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace))
}

// run reads text without quotes: up to a space, a bracket, a quote, a comma, a star, a bar or
// one of the stops.
func (p *parser) run(stops string) string {
	rest := p.text[p.pos:]
	end := strings.IndexFunc(rest, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("()[]\"'`,*|", r) || strings.ContainsRune(stops, r)
	})
	if end < 0 {
		end = len(rest)
	}
	p.pos += end
	return rest[:end]
}

// atKeyword says whether the word, in any case, is next and stands alone.
func (p *parser) atKeyword(word string) bool {
	p.skipSpace()
	rest := p.text[p.pos:]
	if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) {
		return false
	}
	rest = rest[len(word):]
	if rest == "" || strings.ContainsRune("()\"'`!", rune(rest[0])) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsSpace(r)
}

// keyword skips the word if it is next.
func (p *parser) keyword(word string) bool {
	if !p.atKeyword(word) {
		return false
	}
	p.pos += len(word)
	return true
}

func isKeyword(text string) bool {
	return strings.EqualFold(text, "and") || strings.EqualFold(text, "or") || strings.EqualFold(text, "not")
}

func (p *parser) fail(at int, message, fix string) error {
	position := utf8.RuneCountInString(p.text[:at]) + 1
	return errcode.InvalidField("query", fmt.Sprintf("%s (at position %d)", message, position), fix)
}

func (p *parser) unexpected() error {
	if p.done() {
		return p.fail(p.pos, "ends too early", "complete the last condition")
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	switch r {
	case '|':
		return p.fail(p.pos, "has a pipe, and only the filter part of LogsQL is known", "remove everything from | on; limits and counts are parameters of the request")
	case '*':
		return p.fail(p.pos, "has a * inside a text", `put * at the end only, or use field:~"regexp"`)
	}
	return p.fail(p.pos, fmt.Sprintf("has an unexpected %q", r), `quote texts that hold special characters, as in "a, b"`)
}
