package hostreceiver

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// procSource reads processes from the proc filesystem.
type procSource struct {
	root   string // of proc
	uptime string
	stat   string
	boot   time.Time
	page   uint64
	ticks  uint64 // of CPU that processes used, by the system's account
	buffer []byte
	sized  bool // the size of a folder of open files is their number, since Linux 6.2
}

func newProcessSource(h *host) processSource {
	return &procSource{
		root: h.proc(), uptime: h.proc("uptime"), stat: h.proc("stat"), page: uint64(os.Getpagesize()),
		buffer: make([]byte, 0, 4096), sized: countsOpenFiles(h.proc()),
	}
}

// countsOpenFiles looks at this process's own folder, which has files open: before Linux 6.2 its
// size is 0. A folder that is not proc's has a size that means something else.
func countsOpenFiles(proc string) bool {
	var filesystem unix.Statfs_t
	if err := unix.Statfs(proc, &filesystem); err != nil || filesystem.Type != unix.PROC_SUPER_MAGIC {
		return false
	}
	var folder unix.Stat_t
	return unix.Stat("/proc/self/fd", &folder) == nil && folder.Size > 0
}

func (s *procSource) begin(_ context.Context, b *batch) error {
	if s.boot.IsZero() {
		content, err := b.files.read(s.uptime)
		if err != nil {
			return err
		}
		uptime, err := parseUptime(content)
		if err != nil {
			return err
		}
		s.boot = b.now.Add(-uptime)
	}
	s.ticks = 0
	if content, err := b.files.read(s.stat); err == nil {
		_, rest := firstWord(content)
		var columns [statSystem + 1]uint64
		if numbersOf(rest, columns[:]) == len(columns) {
			s.ticks = columns[statUser] + columns[statNice] + columns[statSystem]
		}
	}
	return nil
}

func (s *procSource) busy() (float64, bool) { return float64(s.ticks) / userHertz, s.ticks > 0 }

// list reads the folder itself: there are hundreds of names in it, of which only the numbers are
// needed.
func (s *procSource) list(_ context.Context, into []int32) ([]int32, error) {
	err := eachName(s.root, func(name []byte) {
		if pid, ok := uintOf(name); ok && pid <= 1<<31-1 {
			into = append(into, int32(pid))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	slices.Sort(into) // proc's are in order already
	return into, nil
}

// eachName calls the function with each name in a folder. The name is valid during the call.
func eachName(path string, found func(name []byte)) error {
	fd, err := openFile(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // it was only read
	buffer := make([]byte, 16<<10)
	for {
		n, err := unix.Getdents(fd, buffer)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case n <= 0:
			return nil
		}
		// An entry: inode and offset (8 bytes each), its length (2), the type (1), the name, a 0.
		for entries := buffer[:n]; len(entries) > nameOffset; {
			length := int(binary.NativeEndian.Uint16(entries[lengthOffset:]))
			if length <= nameOffset || length > len(entries) {
				return nil
			}
			name, _, _ := bytes.Cut(entries[nameOffset:length], []byte{0})
			found(name)
			entries = entries[length:]
		}
	}
}

const (
	lengthOffset = 16
	nameOffset   = 19
)

var errStatFormat = errors.New("unknown format")

func (s *procSource) read(_ context.Context, p *processStat) error {
	if p.path == "" {
		p.path = s.file(p, "stat")
	}
	content, err := readInto(p.path, s.buffer)
	if err != nil {
		return err
	}
	s.buffer = content
	return s.parse(content, p)
}

func (s *procSource) file(p *processStat, name string) string {
	return s.root + "/" + strconv.Itoa(int(p.key.pid)) + "/" + name
}

func (s *procSource) details(_ context.Context, p *processStat) processDetails {
	var d processDetails
	if content, err := readInto(s.file(p, "io"), s.buffer); err == nil {
		s.buffer = content
		d.read, d.hasTraffic = pairOf(content, "read_bytes")
		d.written, _ = pairOf(content, "write_bytes")
	}
	d.files, d.hasFiles = s.files(s.file(p, "fd"))
	return d
}

// files counts the names in the folder of open files, unless its size says it, which anybody may
// know.
func (s *procSource) files(path string) (uint64, bool) {
	if s.sized {
		var folder unix.Stat_t
		err := unix.Stat(path, &folder)
		return uint64(max(folder.Size, 0)), err == nil
	}
	count := uint64(0)
	err := eachName(path, func(name []byte) {
		if name[0] != '.' {
			count++
		}
	})
	return count, err == nil
}

func countCreated(_ context.Context, h *host, b *batch) error {
	content, err := b.files.read(h.proc("stat"))
	if err != nil {
		return err
	}
	if created, ok := pairOf(content, "processes"); ok {
		reportCreated(b, created)
	}
	return nil
}

// The fields of a stat line that follow the name, by their number in proc(5) less 3.
const (
	fieldState     = 0
	fieldMinFlt    = 7
	fieldMajFlt    = 9
	fieldUtime     = 11
	fieldStime     = 12
	fieldThreads   = 17
	fieldStartTime = 19
	fieldVsize     = 20
	fieldRSS       = 21
)

// parse reads a stat line. The name is in brackets and may itself hold brackets and spaces.
func (s *procSource) parse(line []byte, p *processStat) error {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 0 || end < open || end+2 >= len(line) {
		return errStatFormat
	}
	if comm := line[open+1 : end]; string(comm) != p.comm || p.name == "" {
		p.comm = string(comm)
		p.name = plainName(p.comm)
	}
	var fields [fieldRSS + 1]uint64
	rest := line[end+2:]
	p.state = stateName(rest[0])
	n := 0
	for word := range bytes.FieldsSeq(rest) {
		if n == len(fields) {
			break
		}
		fields[n], _ = uintOf(word) // of the fields used none is negative
		n++
	}
	if n < len(fields) {
		return errStatFormat
	}
	p.minor, p.major = fields[fieldMinFlt], fields[fieldMajFlt]
	p.user = float64(fields[fieldUtime]) / userHertz
	p.system = float64(fields[fieldStime]) / userHertz
	p.threads, p.virtual, p.rss = fields[fieldThreads], fields[fieldVsize], fields[fieldRSS]*s.page
	if birth := int64(fields[fieldStartTime]); birth != p.key.birth || p.started.IsZero() {
		p.key.birth = birth
		p.started = s.boot.Add(time.Duration(float64(birth) / userHertz * float64(time.Second)))
	}
	return nil
}

// plainName cuts from a kernel worker's name what it happens to work on (kworker/0:1-events): it
// changes all the time, and each name would be a series of its own.
func plainName(name string) string {
	if !strings.HasPrefix(name, "kworker/") {
		return name
	}
	if i := strings.IndexAny(name, "-+"); i > 0 {
		return name[:i]
	}
	return name
}

func stateName(letter byte) string {
	switch letter {
	case 'R':
		return "running"
	case 'T', 't':
		return "stopped"
	case 'Z', 'X', 'x':
		return "defunct"
	}
	return "sleeping"
}
