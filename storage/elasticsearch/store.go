package elasticsearch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

var _ storage.LogStore = (*Store)(nil)

// Store is a storage.LogStore on Elasticsearch or OpenSearch. Any number of processes may share
// the indices.
type Store struct {
	cfg      Config
	logger   *zap.Logger
	client   *client
	classes  classes
	writers  sync.Pool
	stats    statsCache
	counters counters
	full     atomic.Bool // the last write found no room

	// open is held for reading by every call, and for writing to close the store.
	open   sync.RWMutex
	closed bool

	ready   chan struct{} // closed when the template is there
	problem atomic.Pointer[error]

	stop       context.CancelFunc
	background sync.WaitGroup
}

// Counters is what a store has done since it opened.
type Counters struct {
	Written    uint64 // records that were stored
	Duplicates uint64 // records that were there already, by their ids
	Refused    uint64 // records that will never be stored
	Retries    uint64 // bulk requests that were sent again, as a whole or in part
	Bytes      uint64 // bytes of documents in bulk requests, before their compression
}

type counters struct{ written, duplicates, refused, retries, bytes atomic.Uint64 }

// Counters returns what the store has done since it opened.
func (s *Store) Counters() Counters {
	return Counters{
		Written: s.counters.written.Load(), Duplicates: s.counters.duplicates.Load(), Refused: s.counters.refused.Load(),
		Retries: s.counters.retries.Load(), Bytes: s.counters.bytes.Load(),
	}
}

// How long the store waits before it tries again to reach the server.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 10 * time.Second
)

// Open checks the configuration and returns the store, which connects in the background: until the
// server answers and has the index template, calls fail with Unavailable and Health says why.
func Open(ctx context.Context, cfg Config, logger *zap.Logger) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("log store: %w", err)
	}
	if err := cfg.TLS.Validate(); err != nil {
		return nil, fmt.Errorf("log store: tls: %w", err)
	}
	client, err := newClient(cfg)
	if err != nil {
		return nil, fmt.Errorf("log store: %w", err)
	}
	s := &Store{cfg: cfg, logger: logger, client: client, classes: newClasses(cfg), ready: make(chan struct{})}
	s.writers.New = func() any { return newWriter(s) }
	s.setProblem(unavailable("the log store has not reached Elasticsearch yet"))
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.background.Go(func() {
		if s.connect(background) {
			s.maintain(background)
		}
	})
	return s, nil
}

// connect tries until the server has the template; false when the store was closed before.
func (s *Store) connect(ctx context.Context) bool {
	pause := firstPause
	for told := ""; ; {
		err := s.installTemplate(ctx)
		if err == nil {
			s.problem.Store(nil)
			close(s.ready)
			s.logger.Info("log store is ready", zap.Strings("endpoints", s.cfg.Endpoints), zap.String("indices", s.classes.pattern()))
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.setProblem(err)
		if told != err.Error() {
			told = err.Error()
			s.logger.Warn("log store is not ready and tries again", zap.Error(err))
		}
		if !sleep(ctx, pause) {
			return false
		}
		pause = min(2*pause, longestPause)
	}
}

func (s *Store) setProblem(err error) {
	if errcode.Of(err) != errcode.Unavailable {
		err = unavailable("the log store can't be opened: %w", err)
	}
	s.problem.Store(&err)
}

// sleep waits; false when the context ends before.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// AwaitReady waits until the store takes calls. It returns why it does not when the context ends
// before.
func (s *Store) AwaitReady(ctx context.Context) error {
	select {
	case <-s.ready:
		return nil
	case <-ctx.Done():
		if problem := s.problem.Load(); problem != nil {
			return *problem
		}
		return ctx.Err()
	}
}

// Close ends the store, after the calls that are on the way. Later calls fail with Unavailable.
func (s *Store) Close() error {
	s.stop()
	s.open.Lock()
	defer s.open.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.background.Wait()
	s.client.close()
	return nil
}

// enter begins a call; leave ends it.
func (s *Store) enter() error {
	s.open.RLock()
	if s.closed {
		s.open.RUnlock()
		return errClosed()
	}
	if problem := s.problem.Load(); problem != nil {
		s.open.RUnlock()
		return *problem
	}
	return nil
}

func (s *Store) leave() { s.open.RUnlock() }

// Health implements storage.LogStore.
func (s *Store) Health(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	var answer struct {
		Status string `json:"status"`
		Shards int    `json:"unassigned_primary_shards"`
	}
	request := esapi.ClusterHealthRequest{Index: []string{s.classes.pattern()}, Level: "cluster"}
	if err := s.client.do(ctx, request, &answer); err != nil {
		return err
	}
	if answer.Status == "red" {
		err := unavailable("some of the logs are on nodes of Elasticsearch that are away")
		err.Fix = "look at GET _cluster/health and bring the nodes back"
		return err
	}
	if s.full.Load() {
		return outOfSpace("its last answer to a write was that its disk is full")
	}
	return nil
}

// Tail implements storage.LogReader. Elasticsearch tells nobody what is written, so that live logs
// are read before they get there.
func (s *Store) Tail(context.Context, storage.OrgID, *logfilter.Filter, func([]storage.LogRecord, int) error) error {
	return errcode.New(errcode.Unimplemented, "the log store on Elasticsearch has no live tail: use the store `live`, which reads Kafka")
}
