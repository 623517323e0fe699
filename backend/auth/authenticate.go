package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
)

// Interface guard.
var _ Authenticator = (*Service)(nil)

const (
	// lookupTimeout bounds a look-up for a credential that is cached, so that a database that
	// hangs does not hold up ingest.
	lookupTimeout = 2 * time.Second
	// firstLookupTimeout bounds a look-up for any other.
	firstLookupTimeout = 5 * time.Second
	// retryLookup is when a database that is away is asked again.
	retryLookup = 5 * time.Second
	// maxCredential is longer than any credential of ours.
	maxCredential = 4096
)

// Authenticate implements Authenticator. A credential that was valid is answered from memory;
// it is looked up again every CacheTTL, by one request while the others go on.
func (s *Service) Authenticate(ctx context.Context, credential string) (Principal, error) {
	if len(credential) > maxCredential {
		return Principal{}, errUnknown()
	}
	digest := sha256.Sum256([]byte(credential))
	now := s.now()
	found, cached := s.cache.get(digest)
	switch {
	case cached && found.expired(now):
		s.cache.drop(digest)
		return Principal{}, errExpired()
	case cached && found.fresh(now):
		found.use(now)
		return found.principal, nil
	case cached && found.age(now) < s.cfg.CacheGrace:
		return s.recheck(ctx, digest, credential, found, now)
	}
	lookup, cancel := context.WithTimeout(ctx, firstLookupTimeout)
	defer cancel()
	loaded, err := s.load(lookup, digest, credential, now)
	if err != nil {
		if lookup.Err() != nil && ctx.Err() == nil {
			err = errcode.New(errcode.Unavailable, "look the credential up: the metadata database does not answer: %w", err)
		}
		return Principal{}, err
	}
	loaded.use(now)
	return loaded.principal, nil
}

// recheck looks a cached credential up again, and goes on with the cached answer when the
// database is away or another request is looking it up.
func (s *Service) recheck(ctx context.Context, digest digest, credential string, old *entry, now time.Time) (Principal, error) {
	if s.outage.waits(now) || !old.checking.CompareAndSwap(false, true) {
		old.use(now)
		return old.principal, nil
	}
	defer old.checking.Store(false)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
	defer cancel()
	loaded, err := s.load(ctx, digest, credential, now)
	switch {
	case err == nil:
		s.outage.end(s.logger)
		loaded.use(now)
		return loaded.principal, nil
	case errcode.Of(err) == errcode.Unauthenticated:
		s.cache.drop(digest)
		return Principal{}, err
	}
	s.outage.begin(now, s.logger, err)
	old.use(now)
	return old.principal, nil
}

// load looks a credential up in the database and caches it.
func (s *Service) load(ctx context.Context, digest digest, credential string, now time.Time) (*entry, error) {
	generation := s.cache.generation.Load()
	var loaded *entry
	var err error
	if strings.HasPrefix(credential, keyPrefix) {
		loaded, err = s.loadKey(ctx, digest, credential, now)
	} else {
		loaded, err = s.loadToken(ctx, credential, now)
	}
	if err != nil {
		return nil, err
	}
	loaded.checked = now
	loaded.next.Store(now.Add(s.cfg.CacheTTL).UnixNano())
	s.cache.put(digest, loaded, generation)
	return loaded, nil
}

// loadKey looks up an API key.
func (s *Service) loadKey(ctx context.Context, digest digest, credential string, now time.Time) (*entry, error) {
	prefix, ok := prefixOf(credential)
	if !ok {
		return nil, errUnknown()
	}
	key, err := s.db.APIKeyByPrefix(ctx, prefix)
	switch errcode.Of(err) {
	case "":
	case errcode.NotFound, errcode.Invalid: // also what cannot even be looked for
		return nil, errUnknown()
	default:
		return nil, err
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(key.Hash), []byte(hex.EncodeToString(digest[:]))) != 1, !key.RevokedAt.IsZero():
		return nil, errUnknown()
	case !key.ExpiresAt.IsZero() && !now.Before(key.ExpiresAt):
		return nil, errExpired()
	}
	return &entry{principal: principalOfKey(key), expires: key.ExpiresAt, lastUse: s.uses.of(key.ID)}, nil
}

// loadToken checks an access token, and that its login has not ended.
func (s *Service) loadToken(ctx context.Context, credential string, now time.Time) (*entry, error) {
	claims, err := s.tokens.verify(credential, now)
	if err != nil {
		return nil, err
	}
	user, err := s.db.UserOfFamily(ctx, claims.Session, now)
	if errcode.Of(err) == errcode.NotFound {
		return nil, errcode.New(errcode.Unauthenticated, "the login has ended")
	}
	if err != nil {
		return nil, err
	}
	return &entry{principal: principalOfUser(user), session: claims.Session, expires: claims.ExpiresAt.Time}, nil
}

func principalOfKey(key metadata.APIKey) Principal {
	return Principal{OrgID: key.OrgID, UserID: key.UserID, KeyID: key.ID, Name: key.Name, Scopes: scopesOf(key.Scopes)}
}

func principalOfUser(user metadata.User) Principal {
	return Principal{OrgID: user.OrgID, UserID: user.ID, Name: user.Email, Scopes: scopesOfRole(user.Role)}
}

func errUnknown() error {
	return &errcode.Error{
		Code: errcode.Unauthenticated, Message: "the credential is not known",
		Fix: "send an API key or access token of this server in the Authorization or X-API-Key header",
	}
}

func errExpired() error { return errcode.New(errcode.Unauthenticated, "the credential has expired") }

// outage remembers whether the database is away: so that it is asked seldom, whatever the
// number of credentials, and the log tells of it once.
type outage struct {
	away atomic.Bool
	next atomic.Int64 // Unix nanoseconds when it is asked again
}

// waits says that it is too early to ask the database again.
func (o *outage) waits(now time.Time) bool { return o.away.Load() && now.UnixNano() < o.next.Load() }

func (o *outage) begin(now time.Time, logger *zap.Logger, err error) {
	o.next.Store(now.Add(retryLookup).UnixNano())
	if !o.away.Swap(true) {
		logger.Warn("metadata database away; known credentials stay valid meanwhile", zap.Error(err))
	}
}

func (o *outage) end(logger *zap.Logger) {
	if o.away.Load() && o.away.Swap(false) {
		logger.Info("metadata database back")
	}
}
