package auth

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage/metadata"
)

// Config holds the settings of the service. Zero values mean the defaults.
type Config struct {
	// AccessTTL is how long an access token is valid; 15 minutes by default.
	AccessTTL time.Duration
	// RefreshTTL is how long a login lasts without use; 30 days by default.
	RefreshTTL time.Duration
	// LinkTTL is how long a login link can be used; ten minutes by default.
	LinkTTL time.Duration
	// CacheTTL is how long a credential is trusted before it is looked up again; ten seconds by
	// default. A credential revoked in another process ends after that.
	CacheTTL time.Duration
	// CacheGrace is how long a credential is trusted while the database is away; an hour by
	// default.
	CacheGrace time.Duration
	// Hashings is how many passwords are hashed at once, at 19 MiB each; 2 by default.
	Hashings int
	// OnPasswordChange is called after a user's password has changed.
	OnPasswordChange func(ctx context.Context, email string)
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&c.AccessTTL, 15*time.Minute)
	set(&c.RefreshTTL, 30*24*time.Hour)
	set(&c.LinkTTL, 10*time.Minute)
	set(&c.CacheTTL, 10*time.Second)
	set(&c.CacheGrace, time.Hour)
	if c.Hashings == 0 {
		c.Hashings = 2
	}
	return c
}

// flushInterval is how often last uses are written and expired entries removed.
const flushInterval = time.Minute

// Service checks credentials, logs users in and keeps API keys.
type Service struct {
	db     *metadata.DB
	cfg    Config
	logger *zap.Logger
	now    func() time.Time

	hasher *hasher
	logins *limiter
	cache  *cache
	uses   *uses
	tokens *signer
	outage outage

	hookMu sync.Mutex
	hooks  []func(ctx context.Context, email string)

	stop func()
	done sync.WaitGroup
}

// New returns a service on the database, which stays the caller's to close. Start it before
// use.
func New(db *metadata.DB, cfg Config, logger *zap.Logger) *Service {
	cfg = cfg.withDefaults()
	s := &Service{
		db: db, cfg: cfg, logger: logger, now: time.Now,
		hasher: newHasher(cfg.Hashings), logins: newLimiter(), cache: newCache(), uses: newUses(),
	}
	if cfg.OnPasswordChange != nil {
		s.hooks = append(s.hooks, cfg.OnPasswordChange)
	}
	return s
}

// Start reads the signing secret, creating it at first start, and begins to write last uses.
func (s *Service) Start(ctx context.Context) error {
	tokens, err := newSigner(ctx, s.db, s.cfg.AccessTTL)
	if err != nil {
		return err
	}
	s.tokens = tokens
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = cancel
	s.done.Go(func() { s.housekeep(background) })
	return nil
}

// Close writes the last uses and stops. The service must not be used afterwards.
func (s *Service) Close(ctx context.Context) {
	if s.stop == nil {
		return
	}
	s.stop()
	s.done.Wait()
	if err := s.uses.flush(ctx, s.db); err != nil {
		s.logger.Warn("last uses of API keys are lost", zap.Error(err))
	}
}

// OnPasswordChange adds a function that is called after a user's password has changed.
func (s *Service) OnPasswordChange(hook func(ctx context.Context, email string)) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	s.hooks = append(s.hooks, hook)
}

func (s *Service) passwordChanged(ctx context.Context, email string) {
	s.hookMu.Lock()
	hooks := s.hooks
	s.hookMu.Unlock()
	for _, hook := range hooks {
		hook(ctx, email)
	}
}

// housekeep runs until the context ends.
func (s *Service) housekeep(ctx context.Context) {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.cache.sweep(s.now(), s.cfg.CacheGrace)
			s.sweepDatabase(ctx)
		}
	}
}

// sweepDatabase writes last uses and deletes what expired. When the database is away, the next
// round does it.
func (s *Service) sweepDatabase(ctx context.Context) {
	if err := s.uses.flush(ctx, s.db); err != nil {
		s.logger.Debug("last uses of API keys wait for the metadata database", zap.Error(err))
		return
	}
	if _, err := s.db.DeleteExpiredTokens(ctx, s.now()); err != nil {
		s.logger.Debug("expired tokens wait for the metadata database", zap.Error(err))
	}
}
