package auth

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pharos-obs/pharos/storage/metadata"
)

// maxCached bounds the cache. Only valid credentials get in, so strangers cannot fill it.
const maxCached = 10_000

// digest is what a credential is cached by: the cache holds no credential, and how long a
// look-up takes tells nothing about one.
type digest = [sha256.Size]byte

// cache holds what valid credentials stand for.
type cache struct {
	mu      sync.RWMutex
	entries map[digest]*entry
	// generation grows with every revocation. An entry that was read from the database before
	// one may be out of date and is not put.
	generation atomic.Uint64
}

// entry is a valid credential.
type entry struct {
	principal Principal
	session   string    // login of an access token; empty for an API key
	expires   time.Time // zero when it never does
	checked   time.Time // when the database said so
	lastUse   *lastUse  // nil for an access token

	next     atomic.Int64 // Unix nanoseconds when the database is asked again
	checking atomic.Bool  // a request is asking it now
}

func (e *entry) expired(now time.Time) bool { return !e.expires.IsZero() && !now.Before(e.expires) }

func (e *entry) fresh(now time.Time) bool { return now.UnixNano() < e.next.Load() }

func (e *entry) age(now time.Time) time.Duration { return now.Sub(e.checked) }

func (e *entry) use(now time.Time) {
	if e.lastUse != nil {
		e.lastUse.note(now)
	}
}

func newCache() *cache { return &cache{entries: map[digest]*entry{}} }

func (c *cache) get(key digest) (*entry, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found, ok := c.entries[key]
	return found, ok
}

// put stores an entry that was read in a generation, unless something was revoked since.
func (c *cache) put(key digest, loaded *entry, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation.Load() != generation {
		return
	}
	if _, replaces := c.entries[key]; !replaces && len(c.entries) >= maxCached {
		for victim := range c.entries { // any one: the map's order is random
			delete(c.entries, victim)
			break
		}
	}
	c.entries[key] = loaded
}

func (c *cache) drop(key digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
}

// revoke drops the entries that match, and keeps look-ups under way from putting them back.
func (c *cache) revoke(matches func(*entry) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation.Add(1)
	for key, e := range c.entries {
		if matches(e) {
			delete(c.entries, key)
		}
	}
}

// sweep drops what can no longer be served.
func (c *cache) sweep(now time.Time, grace time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, e := range c.entries {
		if e.expired(now) || e.age(now) > grace {
			delete(c.entries, key)
		}
	}
}

// useResolution is how exact a last use is.
const useResolution = 10 * time.Second

// lastUse is when an API key was used last.
type lastUse struct {
	noted   atomic.Int64 // Unix seconds
	written atomic.Int64
}

// note writes seldom, so that cores which share a key do not fight over its cache line.
func (l *lastUse) note(now time.Time) {
	seconds := now.Unix()
	if seconds-l.noted.Load() >= int64(useResolution/time.Second) {
		l.noted.Store(seconds)
	}
}

// uses collects the last uses of API keys until they are written.
type uses struct{ byKey sync.Map } // key id to *lastUse

func newUses() *uses { return &uses{} }

func (u *uses) of(keyID string) *lastUse {
	found, _ := u.byKey.LoadOrStore(keyID, &lastUse{})
	return found.(*lastUse)
}

func (u *uses) forget(keyID string) { u.byKey.Delete(keyID) }

// flush writes the uses since the last flush, in one transaction.
func (u *uses) flush(ctx context.Context, db *metadata.DB) error {
	type change struct {
		use   *lastUse
		noted int64
	}
	changes := map[string]change{}
	u.byKey.Range(func(id, value any) bool {
		use := value.(*lastUse)
		if noted := use.noted.Load(); noted > use.written.Load() {
			changes[id.(string)] = change{use, noted}
		}
		return true
	})
	if len(changes) == 0 {
		return nil
	}
	err := db.InTx(ctx, func(tx *metadata.Queries) error {
		for _, id := range slices.Sorted(maps.Keys(changes)) { // in order, so that processes do not block each other
			if err := tx.TouchAPIKey(ctx, id, time.Unix(changes[id].noted, 0)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range changes {
		c.use.written.Store(c.noted)
	}
	return nil
}
