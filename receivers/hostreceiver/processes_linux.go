package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
)

// listProcesses reads /proc/PID/stat of every process. One that ends meanwhile is left out.
func listProcesses(ctx context.Context, h *host, now time.Time) ([]processStat, error) {
	uptime, err := readUptime(ctx, h)
	if err != nil {
		return nil, err
	}
	names, err := readNames(h.proc())
	if err != nil {
		return nil, err
	}
	reader := statReader{boot: now.Add(-uptime), page: uint64(os.Getpagesize()), buffer: make([]byte, 4096)}
	all := make([]processStat, 0, len(names))
	for _, name := range names {
		pid, err := strconv.ParseInt(name, 10, 32)
		if err != nil {
			continue // not a process
		}
		p := processStat{key: processKey{pid: int32(pid)}}
		if err := reader.read(h.proc(name, "stat"), &p); err == nil {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, errNoProcesses
	}
	return all, nil
}

func readNames(path string) ([]string, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer folder.Close() //nolint:errcheck // it was only read
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	return names, nil
}

// statReader reads stat files into one buffer: it reads hundreds of them at a time.
type statReader struct {
	boot   time.Time
	page   uint64
	buffer []byte
}

var errStatFormat = errors.New("unknown format")

func (r *statReader) read(path string, p *processStat) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	n, err := file.Read(r.buffer)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return r.parse(r.buffer[:n], p)
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
func (r *statReader) parse(line []byte, p *processStat) error {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 0 || end < open || end+2 >= len(line) {
		return errStatFormat
	}
	p.name = plainName(string(line[open+1 : end]))
	var fields [fieldRSS + 1]uint64
	rest := line[end+2:]
	p.state = stateName(rest[0])
	for i := range fields {
		word, after, found := bytes.Cut(rest, []byte{' '})
		if !found && i < fieldRSS {
			return errStatFormat
		}
		rest = after
		// Of the fields used none is negative.
		if i > fieldState {
			fields[i], _ = strconv.ParseUint(string(bytes.TrimSpace(word)), 10, 64)
		}
	}
	p.minor, p.major = fields[fieldMinFlt], fields[fieldMajFlt]
	p.user = float64(fields[fieldUtime]) / cpu.ClocksPerSec
	p.system = float64(fields[fieldStime]) / cpu.ClocksPerSec
	p.threads, p.virtual, p.rss = fields[fieldThreads], fields[fieldVsize], fields[fieldRSS]*r.page
	p.key.birth = int64(fields[fieldStartTime])
	p.started = r.boot.Add(time.Duration(float64(fields[fieldStartTime]) / cpu.ClocksPerSec * float64(time.Second)))
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
