package logs

import (
	"encoding/binary"
	"sync"
	"time"
)

// seenKey names a batch.
type seenKey struct {
	org   uint32
	batch string
}

type seenEntry struct {
	spans   spans
	written int64 // wall clock of the last write, in Unix milliseconds
}

// seenTable remembers which records were written lately.
type seenTable struct {
	mu      sync.RWMutex
	entries map[seenKey]seenEntry
}

func newSeenTable() *seenTable {
	return &seenTable{entries: map[seenKey]seenEntry{}}
}

// get returns the ordinals of a batch that were written. The caller does not change them.
func (t *seenTable) get(key seenKey) spans {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.entries[key].spans
}

// overlaps says whether one of the records was written already.
func (t *seenTable) overlaps(org uint32, batches []batchSpans) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, b := range batches {
		if t.entries[seenKey{org, b.batch}].spans.overlaps(b.spans) {
			return true
		}
	}
	return false
}

func (t *seenTable) add(org uint32, batches []batchSpans, written int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range batches {
		key := seenKey{org, b.batch}
		entry := t.entries[key]
		// get has given out the old spans: never change them in place.
		t.entries[key] = seenEntry{entry.spans.union(b.spans), max(written, entry.written)}
	}
}

// forget drops what was written before the time.
func (t *seenTable) forget(before time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit := before.UnixMilli()
	for key, entry := range t.entries {
		if entry.written < limit {
			delete(t.entries, key)
		}
	}
}

// batchSpans are records of one batch.
type batchSpans struct {
	batch string
	spans spans
}

// appendIDs encodes the ids of a batch.
func appendIDs(dst []byte, key seenKey, entry seenEntry) []byte {
	dst = append(dst, kindIDs)
	dst = binary.AppendUvarint(dst, uint64(key.org))
	dst = binary.AppendVarint(dst, entry.written)
	dst = appendText(dst, key.batch)
	dst = binary.AppendUvarint(dst, uint64(len(entry.spans)))
	for _, s := range entry.spans {
		dst = binary.AppendUvarint(dst, s.first)
		dst = binary.AppendUvarint(dst, s.last-s.first)
	}
	return dst
}

// decodeIDs reads what appendIDs wrote.
func decodeIDs(record []byte) (seenKey, seenEntry, error) {
	d := decoder{data: record}
	if d.byte() != kindIDs {
		d.fail()
	}
	var key seenKey
	var entry seenEntry
	key.org = uint32(d.uvarint())
	entry.written = d.varint()
	key.batch = d.text()
	for range d.uvarint() {
		first := d.uvarint()
		entry.spans = entry.spans.add(span{first, first + d.uvarint()})
		if d.err != nil {
			break
		}
	}
	return key, entry, d.err
}
