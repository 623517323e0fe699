package ingestreceiver

import (
	"encoding/binary"
	"math"
)

// Wire types of protobuf.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
)

// wire reads protobuf fields. Strings are parts of text, which has the content of data, so that
// one copy of a body serves all of them. Every method takes the end of the message that is read,
// and returns false, without a step ahead, when what it shall read does not end before it.
type wire struct {
	data []byte
	text string
	at   int
}

func newWire(body []byte) *wire { return &wire{data: body, text: string(body)} }

// varint reads a number.
func (w *wire) varint(end int) (uint64, bool) {
	if at := w.at; at < end && w.data[at] < 0x80 {
		w.at = at + 1
		return uint64(w.data[at]), true
	}
	return w.longVarint(end)
}

func (w *wire) longVarint(end int) (uint64, bool) {
	value, n := binary.Uvarint(w.data[w.at:end])
	if n <= 0 {
		return 0, false
	}
	w.at += n
	return value, true
}

// tag reads a field's number and type as they are on the wire; 0 is no tag.
func (w *wire) tag(end int) uint64 {
	value, _ := w.varint(end)
	return value
}

// fixed64 reads eight bytes as a double.
func (w *wire) fixed64(end int) (float64, bool) {
	if end-w.at < 8 {
		return 0, false
	}
	w.at += 8
	return math.Float64frombits(binary.LittleEndian.Uint64(w.data[w.at-8:])), true
}

// bytes reads the length of a field of bytes, and returns where it ends.
func (w *wire) bytes(end int) (int, bool) {
	length, ok := w.varint(end)
	if !ok || length > uint64(end-w.at) {
		return 0, false
	}
	return w.at + int(length), true
}

// string reads a field of bytes as text.
func (w *wire) string(end int) (string, bool) {
	last, ok := w.bytes(end)
	if !ok {
		return "", false
	}
	text := w.text[w.at:last]
	w.at = last
	return text, true
}

// take returns what is left before the end.
func (w *wire) take(end int) []byte {
	rest := w.data[w.at:end]
	w.at = end
	return rest
}

// Tags of fields as they are on the wire.
const (
	string1  = message1
	string2  = message2
	message1 = 1<<3 | wireBytes
	message2 = 2<<3 | wireBytes
	message3 = 3<<3 | wireBytes
	message4 = 4<<3 | wireBytes
	message5 = 5<<3 | wireBytes
	double1  = 1<<3 | wireFixed64
	number2  = 2<<3 | wireVarint
)
