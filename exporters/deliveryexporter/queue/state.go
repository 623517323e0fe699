package queue

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const stateName = "state"

// position is a place between two records.
type position struct {
	Segment uint64 `json:"segment"`
	Offset  int64  `json:"offset"`
}

func (p position) before(other position) bool {
	return p.Segment < other.Segment || p.Segment == other.Segment && p.Offset < other.Offset
}

// span is a range of records that are left to send: from a position up to the beginning of a
// segment; 0 means that it grows.
type span struct {
	From position `json:"from"`
	End  uint64   `json:"end"`
}

// state is what the file `state` holds.
type state struct {
	Spans    []span    `json:"spans"`
	Segments []segment `json:"segments"`
	Recent   []uint64  `json:"recent,omitempty"`
}

func readState(dir string) (state, error) {
	var kept state
	content, err := os.ReadFile(filepath.Join(dir, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err != nil {
		return kept, fmt.Errorf("read the queue's state: %w", err)
	}
	if json.Unmarshal(content, &kept) != nil {
		// It is replaced as a whole, so this is damage of the disk. Everything is sent again.
		kept = state{}
	}
	return kept, nil
}

// write replaces the file, which is there whole at any moment.
func (s *state) write(dir string, sync bool) (err error) {
	content, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode the queue's state: %w", err)
	}
	path := filepath.Join(dir, stateName)
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, segmentPerm)
	if err != nil {
		return fmt.Errorf("write the queue's state: %w", err)
	}
	_, err = file.Write(content)
	if err == nil && sync {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the queue's state: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write the queue's state: %w", err)
	}
	return nil
}

// load finds the segments on disk. Those that the state does not know whole are read.
func (q *Queue) load() error {
	entries, err := os.ReadDir(q.dir)
	if err != nil {
		return fmt.Errorf("list the queue's folder: %w", err)
	}
	kept, err := readState(q.dir)
	if err != nil {
		return err
	}
	q.next = max(q.next, kept.next())
	q.recent.keys = kept.Recent
	for _, entry := range entries {
		if id, ok := segmentID(entry.Name()); ok {
			q.next = max(q.next, id+1)
		}
	}
	for _, entry := range entries {
		id, ok := segmentID(entry.Name())
		if !ok {
			continue
		}
		from := kept.begin(id)
		if from < 0 {
			if err := os.Remove(filepath.Join(q.dir, entry.Name())); err != nil {
				return fmt.Errorf("remove a segment that was sent: %w", err)
			}
			continue
		}
		found, err := q.loadSegment(entry, id, from, kept)
		if err != nil {
			return err
		}
		if found.Records > 0 {
			q.segments = append(q.segments, found)
		} else if err := os.Remove(found.path(q.dir)); err != nil {
			return fmt.Errorf("remove an empty segment: %w", err)
		}
	}
	slices.SortFunc(q.segments, func(a, b *segment) int { return cmp.Compare(a.ID, b.ID) })
	q.restoreSpans(kept)
	return nil
}

func (q *Queue) loadSegment(entry fs.DirEntry, id uint64, from int64, kept state) (*segment, error) {
	info, err := entry.Info()
	if err != nil {
		return nil, fmt.Errorf("look at segment %d: %w", id, err)
	}
	var known segment
	for i := range kept.Segments {
		if kept.Segments[i].ID == id {
			known = kept.Segments[i]
		}
	}
	if known.ID == id && known.Size == info.Size() {
		return &known, nil
	}
	path := filepath.Join(q.dir, entry.Name())
	found, err := scan(path, id, from, info.Size(), &q.recent)
	if err != nil {
		return nil, fmt.Errorf("read segment %d: %w", id, err)
	}
	switch {
	case found.Records < known.Records:
		q.opts.Dropped(DroppedDamaged, known.Records-found.Records, known.Items-found.Items)
	case found.Size < info.Size() && id+1 < q.next:
		// It was whole once, when the next one was begun: this is no torn end.
		q.opts.Dropped(DroppedDamaged, 1, 0)
	}
	if found.Size < info.Size() {
		if err := os.Truncate(path, found.Size); err != nil {
			return nil, fmt.Errorf("cut the damaged end of segment %d: %w", id, err)
		}
	}
	return &found, nil
}

// begin returns where in a segment the records begin that are left, -1 when none is. Segments
// that are newer than the state are left as a whole.
func (s *state) begin(id uint64) int64 {
	if len(s.Spans) == 0 {
		return 0
	}
	for _, left := range s.Spans {
		if left.End != 0 && id >= left.End {
			continue
		}
		switch {
		case id < left.From.Segment:
			return -1
		case id == left.From.Segment:
			return left.From.Offset
		}
		return 0
	}
	return 0
}

// next returns the least id that no segment which the state speaks of has had: an id that came
// again would be taken for sent.
func (s *state) next() uint64 {
	next := uint64(1)
	for _, left := range s.Spans {
		next = max(next, left.From.Segment, left.End)
		if left.From.Offset > 0 {
			next = max(next, left.From.Segment+1)
		}
	}
	return next
}

// restoreSpans makes what is left one backlog for each range of before, and a new range for what
// is to come.
func (q *Queue) restoreSpans(kept state) {
	for i, left := range kept.Spans {
		if left.End == 0 || i == len(kept.Spans)-1 {
			left.End = q.next
		}
		if q.left(left) {
			q.spans = append(q.spans, &left)
		}
	}
	if len(kept.Spans) == 0 && len(q.segments) > 0 {
		q.spans = append(q.spans, &span{From: position{Segment: q.segments[0].ID}, End: q.next})
	}
	q.spans = append(q.spans, &span{From: position{Segment: q.next}})
}

// left says whether a range has records.
func (q *Queue) left(s span) bool {
	for _, one := range q.segments {
		if one.ID >= s.From.Segment && (s.End == 0 || one.ID < s.End) && one.Records > 0 {
			return true
		}
	}
	return false
}
