package auth

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestHash(t *testing.T) {
	h := newHasher(1)
	encoded, err := h.hash(t.Context(), "correct horse")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$"), encoded)
	again, err := h.hash(t.Context(), "correct horse")
	require.NoError(t, err)
	assert.NotEqual(t, encoded, again, "each has its salt")
	for password, want := range map[string]bool{"correct horse": true, "correct horsf": false, "": false} {
		got, err := h.matches(t.Context(), password, encoded)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// Costs are those of the hash, so that ours can change. The key is a test vector of
// golang.org/x/crypto/argon2.
func TestHashOfOtherCosts(t *testing.T) {
	key, err := hex.DecodeString("655ad15eac652dc59f7170a7332bf49b8469be1fdb9c28bb")
	require.NoError(t, err)
	encoded := "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + base64.RawStdEncoding.EncodeToString(key)
	ok, err := newHasher(1).matches(t.Context(), "password", encoded)
	require.NoError(t, err)
	assert.True(t, ok)
}

func TestBrokenHashes(t *testing.T) {
	h := newHasher(1)
	good := h.nobody
	for name, encoded := range map[string]string{
		"empty":        "",
		"text":         "secret",
		"argon2i":      strings.Replace(good, "argon2id", "argon2i", 1),
		"version":      strings.Replace(good, "v=19", "v=16", 1),
		"no costs":     strings.Replace(good, "m=19456,t=2,p=1", "", 1),
		"huge memory":  strings.Replace(good, "m=19456", "m=4000000000", 1),
		"endless time": strings.Replace(good, "t=2", "t=1000000", 1),
		"no time":      strings.Replace(good, "t=2", "t=0", 1),
		"no threads":   strings.Replace(good, "p=1", "p=0", 1),
		"no key":       good[:strings.LastIndex(good, "$")+1],
		"bad salt":     strings.Replace(good, "p=1$", "p=1$!", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.matches(t.Context(), "x", encoded)
			assert.Equal(t, errcode.Internal, errcode.Of(err))
		})
	}
}

func TestHashingIsBounded(t *testing.T) {
	h := newHasher(2)
	release := make([]func(), 2)
	for i := range release {
		var err error
		release[i], err = h.acquire(t.Context())
		require.NoError(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	var limited atomic.Int32
	for range maxQueuedHashings + 5 {
		wait.Go(func() {
			_, err := h.acquire(ctx)
			if errcode.Of(err) == errcode.RateLimited {
				limited.Add(1)
				return
			}
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
	require.Eventually(t, func() bool { return limited.Load() == 5 }, testWait, testTick)
	cancel()
	wait.Wait()
	for _, r := range release {
		r()
	}
	free, err := h.acquire(t.Context())
	require.NoError(t, err)
	free()
	assert.Zero(t, h.waiting.Load())
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.hash(b.Context(), "correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}
