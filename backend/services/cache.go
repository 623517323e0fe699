package services

import (
	"context"
	"sync"
	"time"

	"github.com/pharos-obs/pharos/storage"
)

const (
	// keepFor is how old a list may be.
	keepFor = 10 * time.Second
	// maxLists bounds the lists that are kept.
	maxLists = 64
)

// question is a list that somebody asked for, to within seconds.
type question struct {
	org      storage.OrgID
	from, to int64 // in units of keepFor
}

// list is an answer, or one that is being made.
type list struct {
	done     chan struct{} // closed when the other fields are set
	made     time.Time
	services []Service
	err      error
}

// cache makes each list once for all who ask at the same time.
type cache struct {
	now func() time.Time

	mu    sync.Mutex // guards lists
	lists map[question]*list
}

func newCache() *cache {
	return &cache{now: time.Now, lists: map[question]*list{}}
}

// get returns a list from memory, or makes it. Whoever comes while it is being made waits; a
// failure, such as that the first one left, is not kept.
func (c *cache) get(ctx context.Context, key question, work func(context.Context) ([]Service, error)) ([]Service, error) {
	for {
		c.mu.Lock()
		known, ok := c.lists[key]
		if !ok || known.expired(c.now()) {
			known = &list{done: make(chan struct{})}
			c.makeRoom()
			c.lists[key] = known
			c.mu.Unlock()
			return c.fill(ctx, key, known, work)
		}
		c.mu.Unlock()
		select {
		case <-known.done:
			if known.err == nil {
				return known.services, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *cache) fill(ctx context.Context, key question, l *list, work func(context.Context) ([]Service, error)) ([]Service, error) {
	defer close(l.done)
	l.services, l.err = work(ctx)
	l.made = c.now()
	if l.err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.lists[key] == l {
			delete(c.lists, key)
		}
	}
	return l.services, l.err
}

// expired says whether a finished list is too old.
func (l *list) expired(now time.Time) bool {
	select {
	case <-l.done:
		return now.Sub(l.made) >= keepFor
	default:
		return false
	}
}

// makeRoom drops lists that are too old, and any when there are still too many.
func (c *cache) makeRoom() {
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
