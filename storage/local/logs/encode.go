package logs

import (
	"encoding/binary"
	"errors"

	"github.com/pharos-obs/pharos/storage/logfilter"
)

// Kinds of journal records: their first byte.
const (
	kindRows   byte = 1 // rows of one organisation
	kindDelete byte = 2 // a deletion
	kindIDs    byte = 3 // ids of one batch
)

// row is a record as the journal holds it.
type row struct {
	time    int64
	batch   string
	ordinal uint64
	fields  []logfilter.Field
}

// How a field is written, compared with the field in the same place of the row before.
const (
	fieldSame     = 0 // name and value
	fieldSameName = 1
	fieldNew      = 2
)

// rowEncoder writes rows; what repeats from row to row (the resource, the names) takes a byte.
type rowEncoder struct {
	buf  []byte
	rows int

	time    int64
	ordinal uint64
	batch   string
	fields  []logfilter.Field
}

// reset starts a record; written is the wall clock in Unix milliseconds.
func (e *rowEncoder) reset(org uint32, written int64) {
	clear(e.fields)
	*e = rowEncoder{buf: e.buf[:0], fields: e.fields[:0]}
	e.buf = append(e.buf, kindRows)
	e.buf = binary.AppendUvarint(e.buf, uint64(org))
	e.buf = binary.AppendVarint(e.buf, written)
}

func (e *rowEncoder) add(r *row) {
	e.rows++
	e.buf = binary.AppendVarint(e.buf, r.time-e.time)
	if r.batch == e.batch {
		e.buf = append(e.buf, 0)
	} else {
		e.buf = append(e.buf, 1)
		e.buf = appendText(e.buf, r.batch)
	}
	e.buf = binary.AppendVarint(e.buf, int64(r.ordinal-e.ordinal))
	e.buf = binary.AppendUvarint(e.buf, uint64(len(r.fields)))
	for i := range r.fields {
		f := &r.fields[i]
		switch {
		case i >= len(e.fields) || e.fields[i].Name != f.Name:
			e.buf = append(e.buf, fieldNew)
			e.buf = appendText(e.buf, f.Name)
			e.buf = appendText(e.buf, f.Value)
		case e.fields[i].Value != f.Value:
			e.buf = append(e.buf, fieldSameName)
			e.buf = appendText(e.buf, f.Value)
		default:
			e.buf = append(e.buf, fieldSame)
		}
	}
	e.time, e.batch, e.ordinal = r.time, r.batch, r.ordinal+1
	e.fields = append(e.fields[:0], r.fields...)
}

func appendText(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

// errBadRecord means that a record has a right checksum and a wrong content.
var errBadRecord = errors.New("journal record cannot be decoded")

// decoder reads what the encoders write. After an error it returns zero values.
type decoder struct {
	data []byte
	err  error
}

func (d *decoder) fail() {
	d.data, d.err = nil, errBadRecord
}

func (d *decoder) byte() byte {
	if len(d.data) == 0 {
		d.fail()
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	value, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.data = d.data[n:]
	return value
}

func (d *decoder) varint() int64 {
	value, n := binary.Varint(d.data)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.data = d.data[n:]
	return value
}

func (d *decoder) text() string {
	length := d.uvarint()
	if length > uint64(len(d.data)) {
		d.fail()
		return ""
	}
	text := string(d.data[:length])
	d.data = d.data[length:]
	return text
}

// rowDecoder reads rows back.
type rowDecoder struct {
	decoder
	org     uint32
	written int64
	row     row
}

// newRowDecoder begins to read a record of kindRows.
func newRowDecoder(record []byte) *rowDecoder {
	d := &rowDecoder{decoder: decoder{data: record}}
	if d.byte() != kindRows {
		d.fail()
	}
	d.org = uint32(d.uvarint())
	d.written = d.varint()
	return d
}

// next reads a row into d.row, whose fields are reused by the call after; false at the end.
func (d *rowDecoder) next() bool {
	if len(d.data) == 0 {
		return false
	}
	r := &d.row
	r.time += d.varint()
	if d.byte() == 1 {
		r.batch = d.text()
	}
	r.ordinal += uint64(d.varint())
	if r.ordinal++; d.err != nil {
		return false
	}
	count := d.uvarint()
	if count > uint64(len(d.data)) {
		d.fail()
		return false
	}
	for i := range int(count) {
		how := d.byte()
		if i >= len(r.fields) {
			if how != fieldNew {
				d.fail()
				return false
			}
			r.fields = append(r.fields, logfilter.Field{})
		}
		f := &r.fields[i]
		if how == fieldNew {
			f.Name = d.text()
		}
		if how != fieldSame {
			f.Value = d.text()
		}
	}
	r.fields = r.fields[:count]
	return d.err == nil
}

// current returns the row that next has read.
func (d *rowDecoder) current() row {
	current := d.row
	current.ordinal--
	return current
}
