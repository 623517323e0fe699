package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// The cost of a password hash: OWASP's advice for argon2id with 19 MiB.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// Limits of a password. Longer ones only cost time.
const (
	minPassword = 10
	maxPassword = 256
)

// maxQueuedHashings is how many logins wait for their turn; more are told to come back.
const maxQueuedHashings = 32

// hasher hashes passwords, few at once, since each takes memory.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int32
	// nobody is a hash that no password has. Checking against it makes a login for an unknown
	// email take as long as one for a known email.
	nobody string
}

func newHasher(parallel int) *hasher {
	return &hasher{slots: make(chan struct{}, parallel), nobody: encodePHC(randomBytes(argonSalt), randomBytes(argonKey))}
}

// hash returns the hash of a password in PHC format.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	salt := randomBytes(argonSalt)
	return encodePHC(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)), nil
}

// matches says whether the password has the hash.
func (h *hasher) matches(ctx context.Context, password, encoded string) (bool, error) {
	p, err := decodePHC(encoded)
	if err != nil {
		return false, err
	}
	release, err := h.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	key := argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.threads, uint32(len(p.key)))
	return subtle.ConstantTimeCompare(key, p.key) == 1, nil
}

// acquire waits for a slot.
func (h *hasher) acquire(ctx context.Context) (release func(), err error) {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > maxQueuedHashings {
		return nil, &errcode.Error{Code: errcode.RateLimited, Message: "too many logins at once", RetryAfter: 5 * time.Second}
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// phc is a decoded password hash.
type phc struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func encodePHC(salt, key []byte) string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonThreads, encode(salt), encode(key))
}

// decodePHC reads a hash, and refuses costs that would take the memory of the server.
func decodePHC(encoded string) (phc, error) {
	broken := errcode.New(errcode.Internal, "a stored password hash is broken")
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, broken
	}
	var p phc
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return phc{}, broken
	}
	var saltErr, keyErr error
	p.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	p.key, keyErr = base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(p.key) < 16 || len(p.key) > 64 ||
		p.memory > 8*argonMemory || p.time == 0 || p.time > 16 || p.threads == 0 {
		return phc{}, broken
	}
	return p, nil
}

// checkPassword refuses a new password that is too short or too long.
func checkPassword(field, password string) error {
	if len(password) < minPassword || len(password) > maxPassword {
		return errcode.InvalidField(field, "has the wrong length", fmt.Sprintf("use %d to %d characters", minPassword, maxPassword))
	}
	return nil
}

// randomBytes returns n random bytes; crypto/rand cannot fail on the systems that Go runs on.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
