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
	payload := make([]byte, length)
	if _, err := io.ReadFull(from, payload); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return Record{}, 0, errDamaged
		}
		return Record{}, 0, err
	}
	sum := crc32.Update(crc32.Checksum(header[8:], castagnoli), castagnoli, payload)
	if sum != binary.LittleEndian.Uint32(header[4:]) {
		return Record{}, 0, errDamaged
	}
	record := Record{Payload: payload, Time: int64(binary.LittleEndian.Uint64(header[8:]))}
	if !record.takeKey(binary.LittleEndian.Uint32(header[16:])) {
		return Record{}, 0, errDamaged
	}
	return record, headerBytes + int64(length), nil
}

// scan reads a segment from an offset on, and returns what is whole. It notes the keys.
func scan(path string, id uint64, from int64, keys *recent) (found segment, err error) {
	found = segment{ID: id, Size: from}
	file, err := os.Open(path)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return found, err
	}
	buffered := bufio.NewReaderSize(file, 64<<10)
	for {
		record, size, err := readRecord(buffered)
		if errors.Is(err, io.EOF) || errors.Is(err, errDamaged) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		if found.Records == 0 {
			found.Oldest = record.Time
		}
		found.Size += size
		keys.add(record.key)
		found.Newest = record.Time
		found.Records++
		found.Items += record.Items
	}
}
