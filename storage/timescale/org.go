package timescale

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pharos-obs/pharos/storage"
)

// org is what is known of one organisation.
type org struct {
	id       storage.OrgID
	num      int32
	limit    int // of the cache
	cache    atomic.Pointer[seriesCache]
	count    atomic.Int64 // series in the database, as last heard
	lastUsed atomic.Int64

	mu       sync.Mutex
	families map[family]struct{} // those that are stored
}

func newOrg(id storage.OrgID, num int32, limit int) *org {
	return &org{id: id, num: num, limit: limit, families: map[family]struct{}{}}
}

// refresh replaces a cache that is of another epoch than the database.
func (o *org) refresh(stale *seriesCache, epoch int64) {
	o.cache.CompareAndSwap(stale, newSeriesCache(epoch, o.limit))
}

// entry is a series in the cache.
type entry struct {
	labels labels.Labels
	hash   uint64
	id     atomic.Int64 // 0 until it is known
	exists atomic.Bool  // it is in the database, whatever its id

	mu      sync.Mutex
	last    sample    // what was stored last, by this process
	pending *appender // who appended last
	added   sample    // what that one appended last
}

// sample identifies what was stored at a time.
type sample struct {
	t    int64
	bits uint64
	set  bool
}

// contradicts says whether another sample of the same time is there.
func (s sample) contradicts(t int64, bits uint64) bool { return s.set && s.t == t && s.bits != bits }

// seriesCache finds series by their labels. It is of one epoch: the ids in it are right as long
// as the database has the same. Half of it is dropped when it is full, the half not used last.
type seriesCache struct {
	epoch int64
	limit int

	mu      sync.RWMutex
	current map[uint64]*entry
	older   map[uint64]*entry

	counting sync.Mutex
	counted  *census // once there may be no room
}

func newSeriesCache(epoch int64, limit int) *seriesCache {
	return &seriesCache{epoch: epoch, limit: limit, current: map[uint64]*entry{}}
}

// get returns the entry of a series; nil when there is none.
func (c *seriesCache) get(ls labels.Labels, hash uint64) *entry {
	c.mu.RLock()
	found := find(c.current, ls, hash)
	if found != nil {
		c.mu.RUnlock()
		return found
	}
	found = find(c.older, ls, hash)
	c.mu.RUnlock()
	if found == nil {
		return nil
	}
	return c.put(found)
}

// find looks for labels at their hash and, past others of the same hash, behind it.
func find(entries map[uint64]*entry, ls labels.Labels, hash uint64) *entry {
	for ; ; hash++ {
		e := entries[hash]
		if e == nil || labels.Equal(e.labels, ls) {
			return e
		}
	}
}

// put adds an entry, or returns the one that is there.
func (c *seriesCache) put(e *entry) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := find(c.current, e.labels, e.hash); found != nil {
		return found
	}
	if found := find(c.older, e.labels, e.hash); found != nil {
		e = found
	}
	if len(c.current) >= c.limit/2 {
		c.older, c.current = c.current, make(map[uint64]*entry, c.limit/8)
	}
	at := e.hash
	for c.current[at] != nil {
		at++
	}
	c.current[at] = e
	return e
}

// censusMemory is how long a census is believed.
const censusMemory = time.Minute

// census is which series an organisation has that has about as many as it may. With it a series
// that is not there can be refused without asking, of which there may be any number.
type census struct {
	at     time.Time
	count  int64
	hashes []uint64 // the first halves, sorted
}

func (c *census) has(hash [16]byte) bool {
	_, found := slices.BinarySearch(c.hashes, binary.BigEndian.Uint64(hash[:]))
	return found
}

// census returns the one of the cache, and takes it anew when it is old.
func (c *seriesCache) census(take func() (*census, error)) (*census, error) {
	c.counting.Lock()
	defer c.counting.Unlock()
	if c.counted != nil && time.Since(c.counted.at) <= censusMemory {
		return c.counted, nil
	}
	taken, err := take()
	if err == nil {
		c.counted = taken
	}
	return taken, err
}

// hash128 identifies labels in the database: each name and value, with a zero byte after it.
func hash128(ls labels.Labels) (hash [16]byte) {
	text := make([]byte, 0, 512)
	ls.Range(func(l labels.Label) {
		text = append(append(text, l.Name...), 0)
		text = append(append(text, l.Value...), 0)
	})
	sum := sha256.Sum256(text)
	copy(hash[:], sum[:])
	return hash
}
