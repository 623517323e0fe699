package journaldreceiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/google/uuid"

	"github.com/pharos-obs/pharos/internal/agentstate"
)

// state is how far the journal was read.
type state struct {
	// Name is what ids of batches begin with.
	Name string `json:"name"`
	// Cursor is the last entry that was handed over; empty means the beginning.
	Cursor string `json:"cursor"`
	// Time is when it was written, in Unix seconds, should the journal not know the cursor any more.
	Time int64 `json:"time"`
	// Batch is the last batch.
	Batch uint64 `json:"batch"`
	// Open are the entries of the last batch, when it may not have been handed over.
	Open *intent `json:"open,omitempty"`

	path string
}

// intent are the entries behind the cursor that are about to be handed over.
type intent struct {
	Last    string `json:"last"` // cursor of the last one
	Entries int    `json:"entries"`
}

// openState reads the file; fresh says that there is none.
func openState(path string) (s *state, fresh bool, err error) {
	s = &state{path: path}
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fresh = true
	case err != nil:
		return nil, false, fmt.Errorf("read how far the journal was read: %w", err)
	case json.Unmarshal(content, s) != nil:
		return nil, false, fmt.Errorf("%s is damaged: remove it to begin anew", path)
	}
	if s.Name == "" {
		s.Name = uuid.NewString()
	}
	return s, fresh, nil
}

func (s *state) write() error {
	content, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode how far the journal was read: %w", err)
	}
	return agentstate.Replace(s.path, content, false)
}

func (s *state) batchID() string { return s.Name + "." + strconv.FormatUint(s.Batch, 36) }
