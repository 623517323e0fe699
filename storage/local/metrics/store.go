package metrics

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Store is a storage.MetricStore on local files.
type Store struct {
	dir    string
	cfg    Config
	logger *zap.Logger
	space  *spaceGuard

	generations atomic.Uint64 // how many TSDBs were opened, and how often one dropped series

	mu     sync.Mutex
	orgs   map[storage.OrgID]*org
	closed bool

	stop chan struct{}
	done sync.WaitGroup
}

var _ storage.MetricStore = (*Store)(nil)

// orgPattern keeps an organisation's id from leaving the folder.
var orgPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Open opens the store in dir, which is created when it is missing.
func Open(dir string, cfg Config, logger *zap.Logger) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("metric store: %w", err)
	}
	if err := checkWritable(dir); err != nil {
		return nil, fmt.Errorf("open metric store: %w; give the user that runs pharos write access to the folder, or choose another one", err)
	}
	store := &Store{
		dir:    dir,
		cfg:    cfg,
		logger: logger,
		space:  newSpaceGuard(dir, cfg.MinFreeBytes),
		orgs:   map[storage.OrgID]*org{},
		stop:   make(chan struct{}),
	}
	store.done.Go(store.closeIdle)
	if cfg.RetentionTime > 0 {
		store.done.Go(store.sweep)
	}
	return store, nil
}

// checkWritable creates the folder and a file in it.
func checkWritable(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Open implements storage.MetricStore.
func (s *Store) Open(ctx context.Context, id storage.OrgID) (storage.OrgMetrics, error) {
	if !orgPattern.MatchString(string(id)) {
		return nil, errcode.InvalidField("org", fmt.Sprintf("%q is not an organisation's id", string(id)), "use the UUID that the server gave it")
	}
	o, err := s.org(id)
	if err != nil {
		return nil, err
	}
	db, err := o.acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &handle{org: o, db: db}, nil
}

func (s *Store) org(id storage.OrgID) (*org, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed()
	}
	o := s.orgs[id]
	if o == nil {
		o = &org{store: s, dir: filepath.Join(s.dir, string(id)), logger: s.logger.With(zap.String("org", string(id)))}
		s.orgs[id] = o
	}
	return o, nil
}

func errClosed() error {
	return errcode.New(errcode.Unavailable, "the metric store is closed")
}

// Capabilities implements storage.MetricStore: nothing is left out.
func (s *Store) Capabilities() storage.MetricCapabilities { return storage.MetricCapabilities{} }

// Retention implements storage.MetricStore.
func (s *Store) Retention() storage.Retention {
	return storage.Retention{Time: s.cfg.RetentionTime, Bytes: s.cfg.RetentionBytes}
}

// Health implements storage.MetricStore.
func (s *Store) Health(context.Context) error {
	s.mu.Lock()
	closed, orgs := s.closed, s.known()
	s.mu.Unlock()
	if closed {
		return errClosed()
	}
	if err := s.space.check(); err != nil {
		return err
	}
	for _, o := range orgs {
		if err := o.health(); err != nil {
			return err
		}
	}
	return nil
}

// known returns the organisations that were opened. The caller holds mu.
func (s *Store) known() []*org {
	orgs := make([]*org, 0, len(s.orgs))
	for _, o := range s.orgs {
		orgs = append(orgs, o)
	}
	return orgs
}

// Close implements storage.MetricStore. It waits a while for calls under way.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	orgs := s.known()
	s.mu.Unlock()

	close(s.stop)
	s.done.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	var errs []error
	for _, o := range orgs {
		errs = append(errs, o.shutdown(ctx))
	}
	return errors.Join(errs...)
}

// closeWait is how long Close waits for callers to give back what they opened.
const closeWait = 10 * time.Second

// closeIdle closes organisations that nobody uses, until the store closes.
func (s *Store) closeIdle() {
	if s.cfg.IdleClose == 0 {
		return
	}
	ticker := time.NewTicker(min(max(s.cfg.IdleClose/4, 10*time.Millisecond), time.Minute))
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
		}
		s.mu.Lock()
		orgs := s.known()
		s.mu.Unlock()
		for _, o := range orgs {
			o.closeIfIdle(s.cfg.IdleClose)
		}
	}
}
