package filereceiver

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"github.com/pharos-obs/pharos/internal/logparse"
)

// splitter cuts bytes into records. What it does depends on the bytes alone, so that the same
// bytes give the same records again.
type splitter struct {
	max        int
	start, end *regexp.Regexp
	stacktrace bool
	container  bool
	traces     traceState
}

func newSplitter(cfg *Config) (*splitter, error) {
	s := &splitter{max: int(cfg.MaxRecordBytes), stacktrace: cfg.Multiline.Preset == presetStacktrace, container: cfg.Multiline.Preset == presetContainer}
	var err error
	if cfg.Multiline.Start != "" {
		s.start, err = regexp.Compile(cfg.Multiline.Start)
	}
	if cfg.Multiline.End != "" {
		s.end, err = regexp.Compile(cfg.Multiline.End)
	}
	return s, err
}

func (s *splitter) multiline() bool {
	return s.stacktrace || s.container || s.start != nil || s.end != nil
}

// piece is a record in some bytes.
type piece struct {
	record []byte // without the end of its last line
	size   int    // with it
	cut    bool   // it is not whole: it was too long
}

// next returns the first record; ok is false when its end is not there. When final is set the end
// of the bytes is the end of a record. There must be more than max bytes, or all there are.
func (s *splitter) next(data []byte, final bool) (found piece, ok bool) {
	if len(data) == 0 {
		return piece{}, false
	}
	size, whole := s.line(data)
	switch {
	case size > s.max:
		return s.cutAt(data), true
	case !whole && !final:
		return piece{}, false
	case !whole || !s.multiline():
		return record(data[:size]), true
	}
	s.traces = traceState{}
	s.traces.first(trimmed(data[:size]))
	for {
		if s.end != nil && s.end.Match(trimmed(lastLine(data[:size]))) {
			return record(data[:size]), true
		}
		if s.container && !partialLine(lastLine(data[:size])) {
			return record(data[:size]), true
		}
		rest := data[size:]
		length, whole := s.line(rest)
		switch {
		case size+min(length, s.max) > s.max:
			return record(data[:size]), true // with this line it would be too long
		case !whole && !final:
			return piece{}, false
		case length == 0 || !s.belongs(trimmed(rest[:length])):
			return record(data[:size]), true
		}
		size += length
	}
}

// line returns the length of the first line with its end, and whether the end is there.
func (s *splitter) line(data []byte) (size int, whole bool) {
	if at := bytes.IndexByte(data[:min(len(data), s.max+1)], '\n'); at >= 0 {
		return at + 1, true
	}
	return len(data), false
}

// cutAt cuts a line that is too long, between two characters.
func (s *splitter) cutAt(data []byte) piece {
	size := s.max
	for back := 1; back < utf8.UTFMax && back < size; back++ {
		if utf8.RuneStart(data[size-back]) {
			if !utf8.FullRune(data[size-back : size]) {
				size -= back
			}
			break
		}
	}
	return piece{record: trimmed(data[:size]), size: size, cut: true}
}

func record(data []byte) piece { return piece{record: trimmed(data), size: len(data)} }

// trimmed takes the ends of lines away.
func trimmed(data []byte) []byte { return bytes.TrimRight(data, "\r\n") }

// lastLine returns the last line with its end.
func lastLine(data []byte) []byte {
	return data[bytes.LastIndexByte(data[:max(len(data)-1, 0)], '\n')+1:]
}

// belongs says whether a line belongs to the record before.
func (s *splitter) belongs(line []byte) bool {
	switch {
	case s.start != nil:
		return !s.start.Match(line)
	case s.end != nil, s.container:
		return true
	}
	return s.traces.belongs(line)
}

// partialLine says whether a container runtime has cut the line here.
func partialLine(line []byte) bool {
	_, _, _, partial, _ := logparse.ContainerLine(string(line))
	return partial
}

// completeLines returns how many bytes there are up to the end of the last whole line.
func completeLines(data []byte) int { return bytes.LastIndexByte(data, '\n') + 1 }
