package frontdoor

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestRateOfACredential(t *testing.T) {
	cfg := testConfig()
	cfg.RequestsPerSecond, cfg.Burst = 0.1, 3
	f := newFixture(t, cfg)
	f.handle(t, "GET /ingest", auth.ScopeIngest, whoami)
	f.handle(t, "GET /query", auth.ScopeQuery, whoami)

	assert.Equal(t, http.StatusForbidden, f.ask(http.MethodGet, "/query", "X-Api-Key", "writer").Code, "it counts too")
	for range 2 {
		assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/ingest", "X-Api-Key", "writer").Code)
	}
	answer := f.ask(http.MethodGet, "/ingest", "X-Api-Key", "writer")
	assert.Equal(t, http.StatusTooManyRequests, answer.Code)
	assert.Equal(t, "10", answer.Header().Get("Retry-After"))
	doc := documentOf(t, answer.Body)
	assert.Equal(t, "rate_limited", doc.Code)
	assert.Equal(t, "stay under 0.1 requests a second, or send larger batches", doc.Fix)
	assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/ingest", "X-Api-Key", "other").Code, "another key has its own")
}

func TestRateOfAnAddress(t *testing.T) {
	cfg := testConfig()
	cfg.AnonymousPerSecond, cfg.AnonymousBurst = 0.1, 3
	f := newFixture(t, cfg)
	f.handle(t, "GET /ingest", auth.ScopeIngest, whoami)
	f.handle(t, "GET /open", "", whoami)

	assert.Equal(t, http.StatusUnauthorized, f.ask(http.MethodGet, "/ingest", "X-Api-Key", "guess").Code)
	assert.Equal(t, http.StatusUnauthorized, f.ask(http.MethodGet, "/ingest").Code)
	assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/open").Code)
	for _, path := range []string{"/ingest", "/open"} {
		answer := f.ask(http.MethodGet, path, "X-Api-Key", "guess")
		assert.Equal(t, http.StatusTooManyRequests, answer.Code)
		assert.Equal(t, "10", answer.Header().Get("Retry-After"))
	}
	assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/ingest", "X-Api-Key", "writer").Code,
		"a guesser cannot lock out who shares its address")
}

func TestCallerAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"10.1.2.3:4":             "10.1.2.3",
		"[::ffff:10.1.2.3]:4":    "10.1.2.3",
		"[2001:db8:1:2:3::4]:5":  "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::]:": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:5":       "fe80::/64",
		"@":                      "@", // a Unix socket
		"":                       "",
	} {
		assert.Equal(t, want, callerAddress(remote), remote)
	}
}

func TestBucketsAreBounded(t *testing.T) {
	b := newBuckets(0.001, 1, nil)
	require.NoError(t, b.take(t.Context(), "first", ""))
	for i := range 3 * maxTracked {
		require.NoError(t, b.take(t.Context(), strconv.Itoa(i), ""))
		if i%(maxTracked/2) == 0 {
			assert.Equal(t, errcode.RateLimited, errcode.Of(b.take(t.Context(), "first", "")), "who keeps calling is remembered")
		}
	}
	assert.LessOrEqual(t, len(b.byName)+len(b.old), 2*maxTracked)
}

func TestNoLimit(t *testing.T) {
	b := newBuckets(0, 0, nil)
	for i := range 100 {
		require.NoError(t, b.take(t.Context(), fmt.Sprint("x", i%2), ""))
	}
	assert.Empty(t, b.byName)
}
