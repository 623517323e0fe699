package ingestreceiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// itemError says what is wrong with one item of a JSON body. Field is empty when the item as a
// whole is wrong.
type itemError struct {
	field, reason, message string
}

// Error implements error.
func (e *itemError) Error() string { return e.field + ": " + e.message }

// itemDecoder reads items one after the other.
type itemDecoder interface {
	// reset forgets the item before.
	reset()
	// field reads the value of a member; unknown names are an itemError.
	field(values *jsonReader, name []byte) error
	// complete checks the item as a whole.
	complete() error
	// add takes the item; index is its place in the body.
	add(index int) error
}

// rejectFunc is told which items are bad.
type rejectFunc func(index int, err *itemError)

// maxItems bounds the work of one request: a compressed body can hold millions of small items.
const maxItems = 100_000

func errTooManyItems() error {
	return &errcode.Error{
		Code: errcode.TooLarge, Field: "body", Message: fmt.Sprintf("the body has more than %d items", maxItems),
		Fix: "nothing of it was stored; send 100 to 500 items a request",
	}
}

// decodeItems reads a body that is one object, an array of objects, or one object a line
// (NDJSON). Bad items go to reject and do not keep others from being added; an error means that
// items cannot be told apart and none counts.
func decodeItems(body []byte, lines bool, into itemDecoder, reject rejectFunc) (total int, err error) {
	reader := newJSONReader(body)
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return 0, &errcode.Error{Code: errcode.Invalid, Field: "body", Message: "the body is empty", Fix: "send one object, an array of objects, or one object a line"}
	case lines || isLines(trimmed):
		return reader.lines(body, into, reject)
	case trimmed[0] == '[':
		return reader.array(body, into, reject)
	}
	return reader.single(body, into, reject)
}

// isLines tells NDJSON from one object printed over several lines: every line is an object.
func isLines(body []byte) bool {
	if body[0] != '{' {
		return false
	}
	count := 0
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if line[0] == '{' && line[len(line)-1] == '}' && len(line) > 1 {
			return true // a whole object in a line
		}
		if line[0] != '{' {
			return false
		}
		count++
	}
	return count > 1
}

func (r *jsonReader) single(body []byte, into itemDecoder, reject rejectFunc) (int, error) {
	r.begin(body)
	if err := r.item(into); err != nil {
		var bad *itemError
		if !errors.As(err, &bad) {
			return 0, r.syntaxError(err)
		}
		reject(0, bad)
	} else if err := r.end(); err != nil {
		return 0, r.syntaxError(err)
	} else if err := into.add(0); err != nil {
		return 0, err
	}
	return 1, nil
}

func (r *jsonReader) array(body []byte, into itemDecoder, reject rejectFunc) (int, error) {
	r.begin(body)
	if _, err := r.decoder.ReadToken(); err != nil {
		return 0, r.syntaxError(err)
	}
	index := 0
	for ; r.decoder.PeekKind() != ']'; index++ {
		if index == maxItems {
			return 0, errTooManyItems()
		}
		err := r.item(into)
		var bad *itemError
		switch {
		case err == nil:
			if err := into.add(index); err != nil {
				return 0, err
			}
		case !errors.As(err, &bad):
			return 0, r.syntaxError(err)
		default:
			if err := r.skipTo(1); err != nil {
				return 0, r.syntaxError(err)
			}
			reject(index, bad)
		}
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return 0, r.syntaxError(err)
	}
	if err := r.end(); err != nil {
		return 0, r.syntaxError(err)
	}
	return index, nil
}

func (r *jsonReader) lines(body []byte, into itemDecoder, reject rejectFunc) (int, error) {
	index, number := 0, 0
	for line := range bytes.Lines(body) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if index == maxItems {
			return 0, errTooManyItems()
		}
		r.begin(line)
		err := r.item(into)
		if err == nil {
			err = r.end()
		}
		var bad *itemError
		switch {
		case err == nil:
			if err := into.add(index); err != nil {
				return 0, err
			}
		case errors.As(err, &bad):
			reject(index, bad)
		default:
			column, text := r.describe(err)
			reject(index, &itemError{reason: reasonSyntax, message: fmt.Sprintf("line %d, column %d: %s", number, column, text)})
		}
		index++
	}
	return index, nil
}

// item reads one value into the decoder: an itemError when it is not what is asked for, another
// error when it is not JSON.
func (r *jsonReader) item(into itemDecoder) error {
	into.reset()
	if kind := r.decoder.PeekKind(); kind != '{' {
		if err := r.decoder.SkipValue(); err != nil {
			return err
		}
		return &itemError{reason: reasonType, message: "an item must be an object, this is " + kindName(kind)}
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	for r.decoder.PeekKind() != '}' {
		name, err := r.name()
		if err != nil {
			return err
		}
		if err := into.field(r, name); err != nil {
			return err
		}
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	return into.complete()
}

// skipTo reads on until the stack is no deeper than depth.
func (r *jsonReader) skipTo(depth int) error {
	for r.decoder.StackDepth() > depth {
		var err error
		if kind := r.decoder.PeekKind(); kind == '}' || kind == ']' {
			_, err = r.decoder.ReadToken()
		} else {
			err = r.decoder.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// end returns an error when anything but white space is left.
func (r *jsonReader) end() error {
	_, err := r.decoder.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errTrailing
}

// errTrailing is why a body with two values is refused.
var errTrailing = errors.New("there is something after the end of the value")

// syntaxError refuses a body as a whole.
func (r *jsonReader) syntaxError(err error) error {
	column, text := r.describe(err)
	line := 1 + bytes.Count(r.current[:column-1], []byte("\n"))
	column -= 1 + bytes.LastIndexByte(r.current[:column-1], '\n')
	return &errcode.Error{
		Code: errcode.Invalid, Field: "body",
		Message: fmt.Sprintf("the body is not valid JSON: line %d, column %d: %s", line, column, text),
		Fix:     "nothing of it was stored; send one object, an array of objects, or one object a line as application/x-ndjson",
	}
}

// describe returns the place of a syntax error, counted from one, and what is wrong there.
func (r *jsonReader) describe(err error) (column int, text string) {
	at := r.decoder.InputOffset()
	text = err.Error()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at, text = syntax.ByteOffset, syntax.Err.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		at, text = int64(len(r.current)), "it ends too early"
	}
	return int(min(at, int64(len(r.current)))) + 1, text
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 'n':
		return "null"
	}
	return "a boolean"
}

// jsonReader reads typed values of the current JSON text.
type jsonReader struct {
	decoder  jsontext.Decoder
	current  []byte
	buffer   bytes.Buffer
	valid    bool // the whole body is valid UTF-8
	unquoted []byte
	interned map[string]string
}

func newJSONReader(body []byte) *jsonReader {
	return &jsonReader{valid: utf8.Valid(body), interned: map[string]string{}}
}

// begin starts on a JSON text.
func (r *jsonReader) begin(text []byte) {
	r.current = text
	r.buffer = *bytes.NewBuffer(text)
	// What the options allow is checked here, so that it costs one item and not the body.
	r.decoder.Reset(&r.buffer, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}
