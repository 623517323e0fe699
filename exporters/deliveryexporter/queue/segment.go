package queue

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	headerBytes   = 4 + 4 + 8 + 4
	suffix        = ".seg"
	maxRecord     = 64 << 20 // a longer length is damage
	nameDigits    = 16
	segmentPerm   = 0o600
	directoryPerm = 0o700
)

// segment is a file of records.
type segment struct {
	ID      uint64 `json:"id"`
	Size    int64  `json:"size"`    // bytes of whole records
	Oldest  int64  `json:"oldest"`  // no record that is left is older, Unix nanoseconds
	Newest  int64  `json:"newest"`  // time of the last record
	Records int    `json:"records"` // records that are left to send
	Items   int    `json:"items"`   // items in them
}

func (s *segment) path(dir string) string {
	return filepath.Join(dir, fmt.Sprintf("%0*d%s", nameDigits, s.ID, suffix))
}

// segmentID returns the id in a file name.
func segmentID(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != nameDigits {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 10, 64)
	return id, err == nil
}

// Record is what was appended.
type Record struct {
	Payload []byte
	Items   int
	Time    int64 // of Append, Unix nanoseconds

	end position // behind it
	key uint64   // 0 when it has none
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // a constant table

// appendRecord appends the form on disk.
func appendRecord(dst []byte, time int64, items uint32, payload []byte) []byte {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(time))
	dst = binary.LittleEndian.AppendUint32(dst, items)
	dst = append(dst, payload...)
	binary.LittleEndian.PutUint32(dst[begin+4:], crc32.Checksum(dst[begin+8:], castagnoli))
	return dst
}

// errDamaged is a record that was not written whole, or has changed since.
var errDamaged = errors.New("the record is damaged")

// readRecord reads one record; io.EOF means that there is none, errDamaged that it is not whole.
// The size of a damaged record is what its header says, 0 when that cannot be.
func readRecord(from io.Reader) (Record, int64, error) {
	var header [headerBytes]byte
	if n, err := io.ReadFull(from, header[:]); err != nil {
		if errors.Is(err, io.EOF) && n == 0 {
			return Record{}, 0, io.EOF
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return Record{}, 0, errDamaged
		}
		return Record{}, 0, err
	}
	length := binary.LittleEndian.Uint32(header[:])
	if length > maxRecord {
		return Record{}, 0, errDamaged
	}
	items := binary.LittleEndian.Uint32(header[16:])
	record := Record{
		Payload: make([]byte, length), Time: int64(binary.LittleEndian.Uint64(header[8:])), Items: int(items &^ keyed),
	}
	if _, err := io.ReadFull(from, record.Payload); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return Record{}, 0, errDamaged
		}
		return Record{}, 0, err
	}
	sum := crc32.Update(crc32.Checksum(header[8:], castagnoli), castagnoli, record.Payload)
	if sum != binary.LittleEndian.Uint32(header[4:]) || !record.takeKey(items) {
		return record, headerBytes + int64(length), errDamaged
	}
	return record, headerBytes + int64(length), nil
}

// passable says whether a damaged record can be passed over: behind it a whole one begins, or the
// segment ends.
func passable(file io.ReaderAt, offset, size, end int64) bool {
	if size == 0 || offset+size > end {
		return false
	}
	_, _, err := readRecord(io.NewSectionReader(file, offset+size, end-offset-size))
	return err == nil || errors.Is(err, io.EOF)
}

// scan reads a segment from an offset on, and returns what is left of it: everything, or what
// comes before damage that cannot be passed over. A damaged record that can be counts as one; who
// takes it finds out. It notes the keys.
func scan(path string, id uint64, from, end int64, keys *recent) (found segment, err error) {
	found = segment{ID: id, Size: from}
	file, err := os.Open(path)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewReaderSize(io.NewSectionReader(file, from, max(0, end-from)), 64<<10)
	for {
		record, size, err := readRecord(buffered)
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case errors.Is(err, errDamaged):
			// The last record of a segment is more likely torn than changed: nobody was told that it was taken.
			if found.Size+size >= end || !passable(file, found.Size, size, end) {
				return found, nil
			}
			record.Time = found.Newest
		case err != nil:
			return found, err
		}
		if found.Records == 0 {
			found.Oldest = record.Time
		}
		keys.add(record.key)
		found.Size += size
		found.Newest = record.Time
		found.Records++
		found.Items += record.Items
	}
}
