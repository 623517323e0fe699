package queue

import (
	"encoding/binary"
	"slices"
)

// rememberedKeys is how many keys the queue knows. A source has one batch under way at a time, so
// that this is for many sources.
const rememberedKeys = 256

// keyed marks, in the count of a record's items, that a key comes before the payload.
const (
	keyed    = 1 << 31
	keyBytes = 8
)

// recent are the keys of the records that were appended last. A source that died before it could
// write down that the queue has its batch comes with the same batch again, and is told that the
// queue has it: also when it was sent meanwhile, and the server has long forgotten it.
//
// The keys are in the records, and in the state for those records that are gone.
type recent struct {
	keys  []uint64 // the oldest first
	fresh bool     // some are in records only
}

func (r *recent) knows(key uint64) bool { return key != 0 && slices.Contains(r.keys, key) }

func (r *recent) add(key uint64) {
	if key == 0 || slices.Contains(r.keys, key) {
		return
	}
	if len(r.keys) >= rememberedKeys {
		r.keys = append(r.keys[:0], r.keys[1:]...)
	}
	r.keys = append(r.keys, key)
	r.fresh = true
}

// AppendOnce is Append for a record that may come again after a crash; the key tells it from
// others, and 0 is none. It says whether the record is new; when it is not, the queue has it, or
// had it and was rid of it.
func (q *Queue) AppendOnce(key uint64, payload []byte, items int) (fresh bool, err error) {
	q.mu.Lock()
	known := q.recent.knows(key)
	end, file := position{}, q.active
	if known && file != nil {
		last := q.segments[len(q.segments)-1]
		end = position{last.ID, last.Size}
	}
	q.mu.Unlock()
	if !known {
		return true, q.append(key, payload, items)
	}
	if q.opts.Sync && file != nil {
		return false, q.sync(file, end) // the attempt before may have failed at this
	}
	return false, nil
}

// withKey returns what is written as items and payload.
func withKey(key uint64, items int, payload []byte) (uint32, []byte) {
	if key == 0 {
		return uint32(items), payload
	}
	return uint32(items) | keyed, append(binary.LittleEndian.AppendUint64(make([]byte, 0, keyBytes+len(payload)), key), payload...)
}

// takeKey undoes withKey; false means damage.
func (r *Record) takeKey(items uint32) bool {
	if items&keyed == 0 {
		r.Items = int(items)
		return true
	}
	if len(r.Payload) < keyBytes {
		return false
	}
	r.Items = int(items &^ keyed)
	r.key, r.Payload = binary.LittleEndian.Uint64(r.Payload), r.Payload[keyBytes:]
	return true
}
