package metrics

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// deletion is a line of the file that remembers recent deletions. The TSDB needs help with
// samples that came out of order: it has no tombstones for those in memory, so they are
// compacted into a block and deleted there; but the file they were mapped from stays for some
// hours, and brings them back when the TSDB opens again.
type deletion struct {
	At       time.Time `json:"at"`
	From     int64     `json:"from"`
	To       int64     `json:"to"`
	Matchers []matcher `json:"matchers"`
}

type matcher struct {
	Type  labels.MatchType `json:"type"`
	Name  string           `json:"name"`
	Value string           `json:"value"`
}

const (
	deletionsFile = "deletions.jsonl"
	// deletionMemory is longer than a file of mapped chunks lives.
	deletionMemory = 48 * time.Hour
)

func newDeletion(from, to time.Time, matchers []*labels.Matcher) deletion {
	d := deletion{At: time.Now(), From: from.UnixMilli(), To: to.UnixMilli()}
	for _, m := range matchers {
		d.Matchers = append(d.Matchers, matcher{m.Type, m.Name, m.Value})
	}
	return d
}

func (d deletion) matchers() ([]*labels.Matcher, error) {
	matchers := make([]*labels.Matcher, 0, len(d.Matchers))
	for _, m := range d.Matchers {
		parsed, err := labels.NewMatcher(m.Type, m.Name, m.Value)
		if err != nil {
			return nil, err
		}
		matchers = append(matchers, parsed)
	}
	return matchers, nil
}

// remember appends the deletion to the file of an organisation's folder, durably.
func (d deletion) remember(dir string) error {
	line, err := json.Marshal(d)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(dir, deletionsFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Sync(), file.Close())
}

// recentDeletions returns what the file remembers; a torn last line is left out.
func recentDeletions(dir string) ([]deletion, error) {
	content, err := os.ReadFile(filepath.Join(dir, deletionsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var recent []deletion
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, len(content)+1)
	for lines.Scan() {
		var d deletion
		if json.Unmarshal(lines.Bytes(), &d) == nil && time.Since(d.At) < deletionMemory {
			recent = append(recent, d)
		}
	}
	return recent, lines.Err()
}

// deleteAgain deletes what came back when the TSDB opened.
func (db *database) deleteAgain(ctx context.Context, dir string) error {
	recent, err := recentDeletions(dir)
	if err != nil {
		return err
	}
	if len(recent) == 0 {
		return os.RemoveAll(filepath.Join(dir, deletionsFile))
	}
	before := map[blockID]bool{}
	for _, block := range db.Blocks() {
		before[block.Meta().ULID] = true
	}
	if err := db.CompactOOOHead(ctx); err != nil {
		return err
	}
	for _, block := range db.Blocks() {
		if before[block.Meta().ULID] {
			continue
		}
		for _, d := range recent {
			matchers, err := d.matchers()
			if err != nil {
				return fmt.Errorf("read %s: %w", deletionsFile, err)
			}
			if err := block.Delete(ctx, d.From, d.To, matchers...); err != nil {
				return err
			}
		}
	}
	return nil
}
