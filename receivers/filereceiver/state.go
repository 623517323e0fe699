package filereceiver

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/pharos-obs/pharos/internal/agentstate"
)

// compactAt is how large the journal grows before what is no longer needed is taken out.
const compactAt = 1 << 20

// span are the bytes of one file that a batch is made of.
type span struct {
	File    uint64   `json:"file"`
	From    int64    `json:"from"`
	To      progress `json:"to"`
	Records int      `json:"records"`
}

// intent says what is in a batch that is about to be handed over.
type intent struct {
	Batch uint64 `json:"batch"`
	Spans []span `json:"spans"`
}

// entry is a line of the journal; one of the fields is set.
type entry struct {
	Begin  *beginning `json:"begin,omitempty"`
	File   *known     `json:"file,omitempty"`
	Forget uint64     `json:"forget,omitempty"`
	Intent *intent    `json:"intent,omitempty"`
	Done   uint64     `json:"done,omitempty"` // the batch, which somebody else has now
}

// beginning is the first line.
type beginning struct {
	Name    string   `json:"name"` // what ids of batches begin with
	Batch   uint64   `json:"batch"`
	File    uint64   `json:"file"`
	Include []string `json:"include"`
}

// journal keeps how far the files were read: lines of JSON that are only appended to. What a line
// says was written whole, or it is not there.
type journal struct {
	path    string
	file    *os.File
	size    int64
	limit   int64
	encoded bytes.Buffer

	beginning
	files map[uint64]*known
	open  *intent // whose batch may not have been handed over
	fresh bool    // there was no journal
}

func openJournal(path string) (*journal, error) {
	j := &journal{path: path, files: map[uint64]*known{}}
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		j.fresh = true
	case err != nil:
		return nil, fmt.Errorf("read how far the files were read: %w", err)
	default:
		j.load(content)
	}
	if j.Name == "" {
		name := make([]byte, 8)
		if _, err := rand.Read(name); err != nil {
			return nil, fmt.Errorf("make a name: %w", err)
		}
		j.Name = hex.EncodeToString(name)
	}
	return j, nil
}

// load reads lines up to the first that is not whole.
func (j *journal) load(content []byte) {
	lines := bufio.NewReader(bytes.NewReader(content))
	for {
		line, err := lines.ReadBytes('\n')
		var one entry
		if errors.Is(err, io.EOF) || json.Unmarshal(line, &one) != nil {
			return
		}
		j.apply(&one)
	}
}

func (j *journal) apply(one *entry) {
	switch {
	case one.Begin != nil:
		j.beginning = *one.Begin
	case one.File != nil:
		j.files[one.File.ID] = one.File
		j.File = max(j.File, one.File.ID)
	case one.Forget != 0:
		delete(j.files, one.Forget)
	case one.Intent != nil:
		j.open = one.Intent
		j.Batch = max(j.Batch, one.Intent.Batch)
	case one.Done != 0:
		if j.open != nil && j.open.Batch == one.Done {
			for _, part := range j.open.Spans {
				if file := j.files[part.File]; file != nil {
					file.progress = part.To
				}
			}
		}
		j.open = nil
	}
}

// batchID returns the id of a batch.
func (j *journal) batchID(batch uint64) string {
	return j.Name + "." + strconv.FormatUint(batch, 36)
}

// compact replaces the journal by what is needed of it.
func (j *journal) compact() error {
	j.encoded.Reset()
	encoder := json.NewEncoder(&j.encoded)
	all := []entry{{Begin: &j.beginning}}
	for _, file := range j.files {
		all = append(all, entry{File: file})
	}
	if j.open != nil {
		all = append(all, entry{Intent: j.open})
	}
	for i := range all {
		if err := encoder.Encode(&all[i]); err != nil {
			return fmt.Errorf("encode how far the files were read: %w", err)
		}
	}
	if err := agentstate.Replace(j.path, j.encoded.Bytes(), true); err != nil {
		return err
	}
	if j.file != nil {
		_ = j.file.Close() // it has been replaced
	}
	var err error
	if j.file, err = os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("open how far the files were read: %w", err)
	}
	j.size = int64(j.encoded.Len())
	j.limit = compactAt + 2*j.size
	if j.encoded.Cap() > compactAt {
		j.encoded = bytes.Buffer{}
	}
	return nil
}

// write appends entries as one.
func (j *journal) write(entries ...entry) error {
	if j.file == nil || j.size > j.limit {
		if err := j.compact(); err != nil {
			return err
		}
	}
	j.encoded.Reset()
	encoder := json.NewEncoder(&j.encoded)
	for i := range entries {
		if err := encoder.Encode(&entries[i]); err != nil {
			return fmt.Errorf("encode how far the files were read: %w", err)
		}
	}
	n, err := j.file.Write(j.encoded.Bytes())
	if err != nil {
		// A part of a line would spoil those behind it.
		if errors.Join(j.file.Truncate(j.size)) != nil && n > 0 {
			_ = j.file.Close()
			j.file = nil
		}
		return fmt.Errorf("write down how far the files were read: %w", err)
	}
	j.size += int64(n)
	for i := range entries {
		j.apply(&entries[i])
	}
	return nil
}

// keep writes down what is known of files.
func (j *journal) keep(files ...known) error {
	entries := make([]entry, len(files))
	for i := range files {
		entries[i].File = &files[i]
	}
	return j.write(entries...)
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}
