package filereceiver

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

const (
	headBytes = 1024
	tailBytes = 256
	// telling is how many bytes tell a file from others by themselves; with fewer the name must
	// fit too.
	telling = headBytes
)

// inode is where a file is.
type inode struct {
	Device uint64 `json:"dev"`
	Number uint64 `json:"ino"`
}

// mark is a hash of some bytes.
type mark struct {
	Length int    `json:"len"`
	Hash   uint64 `json:"hash"`
}

func markOf(content []byte) mark {
	if len(content) == 0 {
		return mark{}
	}
	return mark{len(content), xxhash.Sum64(content)}
}

// progress is how far a file was read.
type progress struct {
	// Offset is behind the last record that was handed over.
	Offset int64 `json:"offset"`
	// Head are the first bytes, up to Offset.
	Head mark `json:"head"`
	// Tail are the last bytes before Offset.
	Tail mark `json:"tail"`
}

// known is what is remembered of a file.
type known struct {
	// ID stays with the content: a file that was truncated has another one.
	ID uint64 `json:"id"`
	inode
	// Path is where the file was seen last.
	Path string `json:"path"`
	// Origin is where it was seen first, before rotation.
	Origin string `json:"origin"`
	progress
	// Gzip says that offsets count decompressed bytes.
	Gzip bool `json:"gzip,omitempty"`
	// Gone is when it was seen last, in Unix seconds; 0 while it is there.
	Gone int64 `json:"gone,omitempty"`
	// Finished says that a file that is gone was read to its end.
	Finished bool `json:"finished,omitempty"`

	// ahead is how far it was read for a batch that was not known to be taken when the agent
	// ended: the file must have that, too.
	ahead *progress
}

// proof is what a file must have to be this one.
func (k *known) proof() *progress {
	if k.ahead != nil {
		return k.ahead
	}
	return &k.progress
}

// tracked is a file that is there.
type tracked struct {
	known
	reader reader // nil when it is not open

	size    int64
	changed time.Time // modification, as seen last
	grew    time.Time // when it last had something new
	rotated bool      // it was renamed, deleted or copied away: nobody adds to it for long
	removed bool      // no pattern leads to it
	news    bool      // it may have something new
	waiting time.Time // since when lines wait for further ones; zero when none do
	// waitingFor is the end of the file then.
	waitingFor int64
	half       bool // its last line, or record, is not complete
	done       bool // it is to be forgotten
}

// reader reads a file, or the content of one that is compressed.
type reader interface {
	// ReadAt reads what is there; fewer bytes than asked for mean the end.
	io.ReaderAt
	io.Closer
}

// checkpoint measures a file at an offset.
func checkpoint(from io.ReaderAt, offset int64) (progress, error) {
	at := progress{Offset: offset}
	buffer := make([]byte, min(offset, headBytes))
	if err := readFull(from, buffer, 0); err != nil {
		return at, err
	}
	at.Head = markOf(buffer)
	buffer = buffer[:min(offset, tailBytes)]
	if err := readFull(from, buffer, offset-int64(len(buffer))); err != nil {
		return at, err
	}
	at.Tail = markOf(buffer)
	return at, nil
}

// errChanged means that a file does not have what was read of it before.
var errChanged = errors.New("the file has other content than before")

// readFull fails with errChanged when there are fewer bytes.
func readFull(from io.ReaderAt, buffer []byte, offset int64) error {
	n, err := from.ReadAt(buffer, offset)
	switch {
	case n == len(buffer):
		return nil
	case errors.Is(err, io.EOF):
		return errChanged
	}
	return err
}

// verify fails with errChanged unless a file has what was read of this one.
func (k *known) verify(from io.ReaderAt) error { return k.proof().verify(from) }

func (p *progress) verify(from io.ReaderAt) error {
	at, err := checkpoint(from, p.Offset)
	if err != nil {
		return err
	}
	if at.Tail != p.Tail || !p.Head.begins(from) {
		return errChanged
	}
	return nil
}

// begins says whether a file begins with the bytes.
func (m mark) begins(from io.ReaderAt) bool {
	buffer := make([]byte, m.Length)
	return readFull(from, buffer, 0) == nil && markOf(buffer) == m
}

// rotationSuffix is what rotation adds to a name: numbers, dates, compression.
var rotationSuffix = regexp.MustCompile(`([.-]?[0-9][0-9TZ:_-]*|\.gz|\.old|\.bak)$`)

// root returns a file's name without what rotation has added.
func root(path string) string {
	name := filepath.Base(path)
	for {
		shorter := rotationSuffix.ReplaceAllString(name, "")
		if shorter == name || shorter == "" {
			return name
		}
		name = shorter
	}
}

// related says whether a file may be another one after its rotation, by the names.
func (k *known) related(path string) bool {
	return filepath.Dir(path) == filepath.Dir(k.Path) && (root(path) == root(k.Origin) || strings.HasPrefix(filepath.Base(path), filepath.Base(k.Origin)))
}

// service returns the service that writes a file, by its name.
func (k *known) service() string {
	name := root(k.Origin)
	if base, _, found := strings.Cut(name, "."); found && base != "" {
		return base
	}
	return name
}

func isGzip(path string) bool { return strings.HasSuffix(path, ".gz") }

// open opens a file that has the inode.
func (k *known) open() (reader, error) {
	file, err := os.Open(k.Path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && inodeOf(info, file) != k.inode {
		err = errChanged
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if k.Gzip {
		return newGzipReader(file), nil
	}
	return file, nil
}
