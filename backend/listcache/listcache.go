// Package listcache keeps lists that pages ask for again and again: each is made once for all who
// ask at the same time, and again when it is ten seconds old.
package listcache

import (
	"context"
	"sync"
	"time"

	"github.com/pharos-obs/pharos/storage"
)

const (
	// KeepFor is how old a list may be.
	KeepFor = 10 * time.Second
	// maxLists bounds the lists that are kept.
	maxLists = 64
)

// Question is a list that somebody asked for, to within seconds.
type Question struct {
	org      storage.OrgID
	from, to int64 // in units of KeepFor
}

// Ask returns the question for what an organisation has between two times.
func Ask(org storage.OrgID, from, to time.Time) Question {
	unit := int64(KeepFor)
	return Question{org, from.UnixNano() / unit, to.UnixNano() / unit}
}

// list is an answer, or one that is being made.
type list[T any] struct {
	done  chan struct{} // closed when the other fields are set
	made  time.Time
	value T
	err   error
}

// Cache keeps lists, which nobody may change. It is safe for concurrent use.
type Cache[T any] struct {
	now func() time.Time

	mu    sync.Mutex // guards lists
	lists map[Question]*list[T]
}

// New returns an empty cache.
func New[T any]() *Cache[T] {
	return &Cache[T]{now: time.Now, lists: map[Question]*list[T]{}}
}

// Get returns a list from memory, or makes it. Whoever comes while it is being made waits; a
// failure, such as that the first one left, is not kept.
func (c *Cache[T]) Get(ctx context.Context, key Question, work func(context.Context) (T, error)) (T, error) {
	for {
		c.mu.Lock()
		known, ok := c.lists[key]
		if !ok || known.expired(c.now()) {
			known = &list[T]{done: make(chan struct{})}
			c.makeRoom()
			c.lists[key] = known
			c.mu.Unlock()
			return c.fill(ctx, key, known, work)
		}
		c.mu.Unlock()
		select {
		case <-known.done:
			if known.err == nil {
				return known.value, nil
			}
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

func (c *Cache[T]) fill(ctx context.Context, key Question, l *list[T], work func(context.Context) (T, error)) (T, error) {
	defer close(l.done)
	l.value, l.err = work(ctx)
	l.made = c.now()
	if l.err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.lists[key] == l {
			delete(c.lists, key)
		}
	}
	return l.value, l.err
}

// expired says whether a finished list is too old.
func (l *list[T]) expired(now time.Time) bool {
	select {
	case <-l.done:
		return now.Sub(l.made) >= KeepFor
	default:
		return false
	}
}

// makeRoom drops lists that are too old, and any when there are still too many.
func (c *Cache[T]) makeRoom() {
	now := c.now()
	for key, l := range c.lists {
		if l.expired(now) {
			delete(c.lists, key)
		}
	}
	for key := range c.lists {
		if len(c.lists) < maxLists {
			return
		}
		delete(c.lists, key)
	}
}
