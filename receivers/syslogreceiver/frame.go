package syslogreceiver

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

// framer reads messages from a connection, in both ways of RFC 6587: behind their length, or as
// lines. Each message shows which.
type framer struct {
	from *bufio.Reader
	max  int
}

func newFramer(from io.Reader, limit int) *framer {
	return &framer{from: bufio.NewReaderSize(from, 16<<10), max: limit}
}

// next returns a message, cut when it is too long. io.EOF means that there is none.
func (f *framer) next() (message []byte, cut bool, err error) {
	length, counted, err := f.length()
	switch {
	case err != nil:
		return nil, false, err
	case counted:
		return f.counted(length)
	}
	return f.line()
}

// waits says whether there is nothing more at the moment.
func (f *framer) waits() bool { return f.from.Buffered() == 0 }

// maxDigits are those of the length of a message that could be real.
const maxDigits = 7

// length reads the length before a message; without one nothing is read.
func (f *framer) length() (length int, counted bool, err error) {
	if first, err := f.from.Peek(1); err != nil {
		return 0, false, err
	} else if first[0] < '1' || first[0] > '9' {
		return 0, false, nil
	}
	for digits := 2; digits <= maxDigits+1; digits++ {
		head, err := f.from.Peek(digits)
		if err != nil {
			return 0, false, notEnd(err) // it may be the last line
		}
		switch last := head[digits-1]; {
		case last == ' ':
			length, err = strconv.Atoi(string(head[:digits-1]))
			_, _ = f.from.Discard(digits) // it was peeked
			return length, true, err
		case last < '0' || last > '9':
			return 0, false, nil
		}
	}
	return 0, false, nil
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (f *framer) counted(length int) (message []byte, cut bool, err error) {
	message = make([]byte, min(length, f.max))
	if _, err := io.ReadFull(f.from, message); err != nil {
		return nil, false, err
	}
	if length > f.max {
		_, err = f.from.Discard(length - f.max)
	}
	return bytes.TrimRight(message, "\r\n\x00"), length > f.max, err
}

func (f *framer) line() (message []byte, cut bool, err error) {
	for {
		part, err := f.from.ReadSlice('\n')
		room := f.max - len(message)
		cut = cut || len(bytes.TrimRight(part, "\r\n\x00")) > room
		message = append(message, part[:min(len(part), room)]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(message) > 0:
			err = nil // the last one
		case err != nil:
			return nil, false, err
		}
		return bytes.TrimRight(message, "\r\n\x00"), cut, err
	}
}
