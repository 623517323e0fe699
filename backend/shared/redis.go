package shared

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	// restAfterFailure is how long nobody asks a Redis that has failed: a server that hangs costs
	// one caller one time-out a second, and not every request one.
	restAfterFailure = time.Second
	// connections to one Redis; a call takes one for well under a millisecond.
	connections = 16
)

// Options say where Redis is.
type Options struct {
	Address            string // host:port
	Username, Password string
	Database           int
	TLS                *tls.Config // nil means plaintext
	Prefix             string      // of all keys, so that several installations can share a server
	Timeout            time.Duration
}

// Redis is a connection to a Redis server. It connects when it is first used, and again whenever
// it has to. It is safe for concurrent use.
type Redis struct {
	client  *redis.Client
	limiter *redis_rate.Limiter
	prefix  string
	now     func() time.Time

	mu     sync.Mutex
	failed error     // the last failure; nil while it works
	rests  time.Time // until when nobody asks
}

// New returns a connection that has not been made yet.
func New(opts Options) *Redis {
	logging.Disable() // the library's log is the process's standard error; what fails is returned to callers
	client := redis.NewClient(&redis.Options{
		Addr: opts.Address, Username: opts.Username, Password: opts.Password, DB: opts.Database, TLSConfig: opts.TLS,
		DialTimeout: opts.Timeout, ReadTimeout: opts.Timeout, WriteTimeout: opts.Timeout, PoolTimeout: opts.Timeout,
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1, PoolSize: connections, DisableIdentity: true,
	})
	return &Redis{client: client, limiter: redis_rate.NewLimiter(client), prefix: opts.Prefix, now: time.Now}
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }

// Health asks whether Redis answers.
func (r *Redis) Health(ctx context.Context) error {
	err := r.client.Ping(ctx).Err()
	r.note(ctx, err)
	return away(err)
}

// ask makes a call, unless Redis failed just now.
func (r *Redis) ask(ctx context.Context, call func() error) error {
	r.mu.Lock()
	failed, rests := r.failed, r.rests
	if failed != nil && !r.now().Before(rests) {
		r.rests = r.now().Add(restAfterFailure) // one caller tries; the others wait for how it goes
	}
	r.mu.Unlock()
	if failed != nil && r.now().Before(rests) {
		return away(failed)
	}
	err := call()
	r.note(ctx, err)
	return away(err)
}

// note remembers whether Redis works. A caller that went away says nothing of it.
func (r *Redis) note(ctx context.Context, err error) {
	if err != nil && context.Cause(ctx) == context.Canceled { //nolint:errorlint // it is compared the way context documents it
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed = err; err != nil {
		r.rests = r.now().Add(restAfterFailure)
	}
}

func away(err error) error {
	if err == nil {
		return nil
	}
	return errcode.New(errcode.Unavailable, "ask Redis: %w", err)
}

// Buckets are the token buckets of one kind of front doors: each request is to be counted once, also
// where it passes two.
type Buckets struct {
	redis *Redis
	kind  string
}

// Buckets returns the buckets of a kind.
func (r *Redis) Buckets(kind string) Buckets { return Buckets{r, kind} }

// Take takes up to want tokens from a bucket that holds burst of them and gets perSecond new ones
// a second. With none left it says after how long there is one. The bucket is that of the generic
// cell rate algorithm, and the clock is that of Redis.
func (b Buckets) Take(ctx context.Context, name string, perSecond float64, burst, want int) (granted int, retryAfter time.Duration, err error) {
	err = b.redis.ask(ctx, func() error {
		taken, err := b.redis.limiter.AllowAtMost(ctx, b.redis.prefix+"limit:"+b.kind+":"+name, redis_rate.Limit{
			Rate: 1, Period: time.Duration(float64(time.Second) / perSecond), Burst: burst,
		}, want)
		if err != nil {
			return fmt.Errorf("take tokens: %w", err)
		}
		granted, retryAfter = taken.Allowed, max(0, taken.RetryAfter)
		return nil
	})
	return granted, retryAfter, err
}

// Get returns the values of keys, nil for those that are not there.
func (r *Redis) Get(ctx context.Context, keys []string) (values [][]byte, err error) {
	named := make([]string, len(keys))
	for i, key := range keys {
		named[i] = r.prefix + key
	}
	err = r.ask(ctx, func() error {
		found, err := r.client.MGet(ctx, named...).Result()
		if err != nil {
			return fmt.Errorf("read %d keys: %w", len(keys), err)
		}
		values = make([][]byte, len(keys))
		for i, one := range found {
			if text, ok := one.(string); ok {
				values[i] = []byte(text)
			}
		}
		return nil
	})
	return values, err
}

// Set keeps values for a time.
func (r *Redis) Set(ctx context.Context, values map[string][]byte, lifetime time.Duration) error {
	return r.ask(ctx, func() error {
		_, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for key, value := range values {
				pipe.Set(ctx, r.prefix+key, value, lifetime)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("keep %d values: %w", len(values), err)
		}
		return nil
	})
}
