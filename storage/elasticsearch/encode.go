package elasticsearch

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// What documents hold for the sake of filters. docs/formats/elasticsearch.md describes it.
const (
	// longValue is how long a value of a field can be, in bytes, to be indexed whole; the template
	// says the same in characters, which are never more. The names of fields with longer ones are
	// in search.long.
	longValue = 1024
	// wordRunes is how much of a word is indexed. The whitespace analyser cuts at 255.
	wordRunes = 90
	// longName is how long the name of a field in search.words can be; longer ones are hashed.
	longName = 64
)

// encoder writes documents. It keeps its buffers and is for one goroutine at a time.
type encoder struct {
	labels, json, fields, long, numbers []byte // members or elements, each with a comma before it
	message, words                      []byte // words, each with a space before it
	names                               map[string]string
}

// document appends a record as a document.
func (e *encoder) document(dst []byte, org storage.OrgID, row *logrecord.Row) []byte {
	e.labels, e.json, e.fields, e.long, e.numbers = e.labels[:0], e.json[:0], e.fields[:0], e.long[:0], e.numbers[:0]
	e.message, e.words = e.message[:0], e.words[:0]
	dst = append(dst, `{"time":"`...)
	dst = appendTime(dst, row.Time)
	dst = append(dst, `","org_id":"`...)
	dst = append(dst, org...) // checkOrg leaves nothing to escape
	dst = append(dst, `","id":`...)
	dst = appendString(dst, row.ID)
	for i := range row.Fields {
		dst = e.field(dst, &row.Fields[i])
	}
	dst = appendMembers(dst, `,"labels":{`, e.labels, '}')
	dst = appendMembers(dst, `,"json":{`, e.json, '}')
	dst = append(dst, `,"search":{"words":"`...)
	dst = append(append(dst, trimFirst(e.words)...), '"')
	if len(e.message) > 0 {
		dst = append(dst, `,"message":"`...)
		dst = append(append(dst, trimFirst(e.message)...), '"')
	}
	dst = appendMembers(dst, `,"fields":[`, e.fields, ']')
	dst = appendMembers(dst, `,"long":[`, e.long, ']')
	dst = appendMembers(dst, `,"numbers":[`, e.numbers, ']')
	return append(dst, "}}"...)
}

// field appends an own field to the document, and notes labels, members and what filters need.
func (e *encoder) field(dst []byte, f *logfilter.Field) []byte {
	if name, ok := strings.CutPrefix(f.Name, logfilter.LabelsPrefix); ok {
		e.labels = appendMember(e.labels, cleanName(name), f.Value)
	} else if name, ok := strings.CutPrefix(f.Name, logfilter.JSONPrefix); ok {
		e.json = appendMember(e.json, cleanName(name), f.Value)
	} else {
		dst = appendMember(dst, f.Name, f.Value)
	}
	name := cleanName(f.Name)
	e.fields = appendString(append(e.fields, ','), name)
	if number, ok := logfilter.ParseNumber(f.Value); ok {
		e.numbers = append(e.numbers, ',', '"')
		e.numbers = append(e.numbers, e.wordPrefix(name)...)
		e.numbers = append(appendNumber(e.numbers, number), '"')
	}
	if f.Name == logfilter.FieldMessage {
		e.message = appendWords(e.message, "", f.Value)
		return dst
	}
	if len(f.Value) > longValue {
		e.long = appendString(append(e.long, ','), name)
	}
	if !isPlainWord(f.Value) {
		e.words = appendWords(e.words, e.wordPrefix(name), f.Value)
	}
	return dst
}

func trimFirst(text []byte) []byte {
	if len(text) == 0 {
		return text
	}
	return text[1:]
}

// appendMembers appends members or elements between an opening text and an end.
func appendMembers(dst []byte, open string, members []byte, end byte) []byte {
	if len(members) == 0 {
		return dst
	}
	dst = append(dst, open...)
	dst = append(dst, members[1:]...)
	return append(dst, end)
}

func appendMember(dst []byte, name, value string) []byte {
	dst = appendString(append(dst, ','), name)
	return appendString(append(dst, ':'), value)
}

// cleanName returns a name without the one character that a name can't have.
func cleanName(name string) string {
	if strings.IndexByte(name, 0) < 0 {
		return name
	}
	return strings.ReplaceAll(name, "\x00", "\uFFFD")
}

// isPlainWord says whether a value is one word in lower case. The whole value answers for its words
// then, so that search.words needn't.
func isPlainWord(value string) bool {
	if len(value) > wordRunes {
		return false
	}
	for i := range len(value) {
		c := value[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return value != ""
}

// wordPrefix returns what stands before the words of a field in search.words.
func (e *encoder) wordPrefix(name string) string {
	prefix, ok := e.names[name]
	if !ok {
		prefix = wordPrefix(name)
		const mostNames = 1000
		if e.names == nil || len(e.names) > mostNames {
			e.names = map[string]string{}
		}
		e.names[strings.Clone(name)] = prefix
	}
	return prefix
}

// wordPrefix returns the name and =; names with what can't be part of a word of the whitespace
// analyser, or has to be escaped, are hashed.
func wordPrefix(name string) string {
	plain := len(name) <= longName
	for i := range len(name) {
		c := name[i]
		plain = plain && c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%'
	}
	if plain {
		return name + "="
	}
	sum := sha256.Sum256([]byte(name))
	return "%" + hex.EncodeToString(sum[:16]) + "="
}

// appendWords appends the words of a text, each with a space and the prefix before it.
func appendWords(dst []byte, prefix, text string) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf && !wordBytes[c] {
			i++
			continue
		}
		length := wordLength(text[i:])
		if length == 0 {
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		dst = append(dst, ' ')
		dst = append(dst, prefix...)
		dst = append(dst, cutWord(text[i:i+length])...)
		i += length
	}
	return dst
}

// wordBytes are the ASCII characters of words.
//
//nolint:gochecknoglobals // a constant table
var wordBytes = func() (table [utf8.RuneSelf]bool) {
	for c := range table {
		table[c] = logfilter.IsWordRune(rune(c))
	}
	return table
}()

// wordLength returns the length of the word that a text begins with, 0 when it begins with none.
func wordLength(text string) int {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if !wordBytes[c] {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !logfilter.IsWordRune(r) {
			return i
		}
		i += size
	}
	return len(text)
}

// cutWord returns what of a word is indexed.
func cutWord(word string) string {
	if len(word) <= wordRunes {
		return word
	}
	count := 0
	for i := range word {
		if count == wordRunes {
			return word[:i]
		}
		count++
	}
	return word
}

// appendNumber appends a number as sixteen digits whose order is that of the numbers.
func appendNumber(dst []byte, number float64) []byte {
	if number == 0 {
		number = 0 // there is a negative one too
	}
	bits := math.Float64bits(number)
	if bits>>63 != 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[bits>>shift&15])
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// timeLayout has all digits of the nanoseconds: where some are missing the server may round up.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

func appendTime(dst []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(dst, timeLayout)
}

func timeText(ns int64) string { return string(appendTime(nil, ns)) }

// appendString appends valid UTF-8 as a JSON string.
func appendString(dst []byte, text string) []byte {
	return append(appendEscaped(append(dst, '"'), text), '"')
}

// appendEscaped appends what stands between the quotes of a JSON string.
func appendEscaped(dst []byte, text string) []byte {
	start := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(dst, text[start:]...)
}
