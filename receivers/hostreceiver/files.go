package hostreceiver

import (
	"bytes"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// files reads small files, most of them of proc and sys, each at most once a cycle: /proc/stat,
// for instance, says something to three scrapers. The buffers are used again in the next cycle.
// It belongs to one group, which runs its scrapers one after the other.
type files struct {
	cycle int
	known map[string]*file
}

type file struct {
	cycle   int
	content []byte
	err     error
}

func newFiles() *files { return &files{known: map[string]*file{}} }

// renew begins a cycle: what is read from now on is read again.
func (f *files) renew() { f.cycle++ }

// read returns the content of a file, which is valid until the next cycle, and whoever gets it
// must not write to it. The error names what was to be read.
func (f *files) read(path string) ([]byte, error) {
	known := f.known[path]
	if known == nil {
		known = &file{cycle: f.cycle - 1}
		f.known[path] = known
	}
	if known.cycle != f.cycle {
		known.cycle = f.cycle
		known.content, known.err = readInto(path, known.content)
		if known.err != nil {
			known.err = fmt.Errorf("read %s: %w", path, known.err)
		}
	}
	if known.err != nil {
		return nil, known.err
	}
	return known.content, nil
}

// forget drops the buffer of a file that will not be read again.
func (f *files) forget(path string) { delete(f.known, path) }

// number returns the number that a file holds and nothing else.
func (f *files) number(path string) (uint64, error) {
	content, err := f.read(path)
	if err != nil {
		return 0, err
	}
	value, ok := uintOf(bytes.TrimSpace(content))
	if !ok {
		return 0, fmt.Errorf("read %s: %.40q is not a number", path, content)
	}
	return value, nil
}

// word returns the text that a file holds, without the space around it.
func (f *files) word(path string) (string, error) {
	content, err := f.read(path)
	return string(bytes.TrimSpace(content)), err
}

// uintOf parses a decimal number without making a string of it.
func uintOf(digits []byte) (value uint64, ok bool) {
	if len(digits) == 0 || len(digits) > 20 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		next := value*10 + uint64(c-'0')
		if value > (1<<64-1)/10 || next < value*10 {
			return 0, false // does not fit
		}
		value = next
	}
	return value, true
}

// intOf parses a decimal number that may be negative.
func intOf(word []byte) (int64, bool) {
	negative := bytes.HasPrefix(word, []byte("-"))
	value, ok := uintOf(bytes.TrimPrefix(word, []byte("-")))
	if !ok || value > 1<<62 {
		return 0, false
	}
	if negative {
		return -int64(value), true
	}
	return int64(value), true
}

// floatOf parses a number that has a point.
func floatOf(word []byte) (float64, bool) {
	value, err := strconv.ParseFloat(string(word), 64)
	return value, err == nil
}

// numbersOf fills values with the numbers of a line, separated by space, and returns how many
// there were. It ends at the first word that is no number.
func numbersOf(line []byte, values []uint64) int {
	n := 0
	for word := range bytes.FieldsSeq(line) {
		if n == len(values) {
			break
		}
		value, ok := uintOf(word)
		if !ok {
			break
		}
		values[n] = value
		n++
	}
	return n
}

// firstWord splits a line after its first word.
func firstWord(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, " \t")
	if i := bytes.IndexAny(line, " \t\n"); i >= 0 {
		return line[:i], line[i:]
	}
	return line, nil
}

// pairsOf yields the lines of a file whose lines are a name and a number, such as `pgfault 900`
// or `MemFree:  4000000 kB`. The name comes without its colon.
func pairsOf(content []byte) iter.Seq2[[]byte, uint64] {
	return func(yield func([]byte, uint64) bool) {
		for line := range bytes.Lines(content) {
			name, rest := firstWord(line)
			word, _ := firstWord(rest)
			if value, ok := uintOf(word); ok && !yield(bytes.TrimSuffix(name, []byte(":")), value) {
				return
			}
		}
	}
}

// snake returns a kernel's name such as `AnonPages` or `Active(anon)` as anon_pages, active_anon.
func snake(name string) string {
	var out strings.Builder
	lower := false // whether the letter before was one
	for _, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			if lower {
				out.WriteByte('_')
			}
			out.WriteRune(c - 'A' + 'a')
			lower = false
		case c == '(':
			out.WriteByte('_')
			lower = false
		case c == ')':
		default:
			out.WriteRune(c)
			lower = c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		}
	}
	return out.String()
}
