package blackbox

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/test/server"
)

// TestLittleSpace sets the room that must stay free above what there is, and back.
func TestLittleSpace(t *testing.T) {
	t.Parallel()
	path := overlay(t, quiet)
	s := server.Start(t, "--config", path)
	c := clientOf(s)
	load := newLoad(t, s)
	sendSome(t, load, 5)

	require.NoError(t, os.WriteFile(path, []byte(quiet+"\nextensions: { storage: { min_free: 1PiB } }\n"), 0o600))
	s.Signal(syscall.SIGHUP)
	write := func() answer {
		return c.postJSON(t, "/v1/ingest/metrics", map[string]any{"service": "space", "metric_name": "bb_space", "value": 1})
	}
	require.Eventually(t, func() bool { return write().status == http.StatusInsufficientStorage }, 30*time.Second, 50*time.Millisecond)

	got := write()
	var p problemBody
	got.decode(t, &p)
	assert.Equal(t, "out_of_space", p.Code)
	assert.NotEmpty(t, got.header.Get("Retry-After"))
	got = c.postJSON(t, "/v1/ingest/logs", map[string]any{"service": "space", "message": "no room"})
	assert.Equal(t, http.StatusInsufficientStorage, got.status, "%s", got)
	body, header := remoteWrite1(t, loadSeries("bb_space", 0, time.Now()))
	assert.Equal(t, http.StatusInsufficientStorage, c.send(t, http.MethodPost, "/api/v1/write", body, header).status)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", c.key)
	_, err := pmetricotlp.NewGRPCClient(dial(t, s.GRPC)).Export(ctx, pmetricotlp.NewExportRequestFromMetrics(otlpGauge("space", "bb.space", 1, time.Now())))
	assert.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
	for _, sender := range load {
		sender.check(t, "reads go on")
	}
	assert.Contains(t, c.with("").get(t, "/v1/health").String(), `"status":"degraded"`)
	assert.Equal(t, http.StatusOK, c.get(t, "/v1/auth/me").status)

	require.NoError(t, os.WriteFile(path, []byte(quiet), 0o600))
	s.Signal(syscall.SIGHUP)
	require.Eventually(t, func() bool { return write().status == http.StatusOK }, 30*time.Second, 50*time.Millisecond)
	for _, sender := range load {
		sender.resend(t)
		sender.check(t, "when there is room again")
	}
	assert.InDelta(t, 1, c.number(t, "count(bb_space)"), 0, "what was refused is not there")
}

// TestFullDisk fills a small file system until writes fail, and makes room again. Room that must
// stay free keeps the stores from failing in the middle of a write; without it they do. It takes
// a mount; where that is not allowed TestLittleSpace has to do.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, minFree := range map[string]string{"with room to spare": "4MiB", "to the last byte": "0B"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server.New(t, "--config", overlay(t, quiet+"\nextensions: { storage: { min_free: "+minFree+" } }\n"))
			require.NoError(t, os.MkdirAll(s.Dir, 0o750))
			if err := mountSmall(s.Dir, 64<<20); err != nil {
				t.Logf("without a mount there is no full disk: %v", err)
				return
			}
			t.Cleanup(func() { assert.NoError(t, syscall.Unmount(s.Dir, syscall.MNT_DETACH)) })
			s.Start()
			fillAndClear(t, s, name == "with room to spare")
		})
	}
}

// fillAndClear fills the disk and makes room, twice. A server that keeps room to spare is given
// the time to notice.
func fillAndClear(t *testing.T, s *server.Server, notices bool) {
	t.Helper()
	c := clientOf(s)
	load := newLoad(t, s)
	sendSome(t, load, 20)
	ballast := filepath.Join(s.Dir, "ballast")
	for round := range 2 {
		fill(t, ballast)
		if notices {
			require.Eventually(t, func() bool {
				return strings.Contains(c.get(t, "/v1/health").String(), "degraded")
			}, 30*time.Second, 50*time.Millisecond)
		}
		runUntilRefused(t, load)
		for _, sender := range load {
			sender.check(t, "while the disk is full")
		}
		if round == 1 {
			// It is killed while the disk is full. Some room is made for its start, no more.
			s.Kill()
			require.NoError(t, os.Truncate(ballast, 58<<20))
			s.Launch() // it answers; it is not ready, because it cannot write
			require.Eventually(t, func() bool {
				got, err := c.try(t.Context(), http.MethodGet, "/v1/health", http.NoBody, nil)
				return err == nil && got.status == http.StatusOK
			}, time.Minute, 50*time.Millisecond)
			for _, sender := range load {
				sender.check(t, "killed with a full disk")
			}
		}
		require.NoError(t, os.Remove(ballast))
		for _, sender := range load {
			sender.resend(t)
			sender.check(t, "when there is room again")
		}
	}
	s.Kill()
	s.Start()
	for _, sender := range load {
		sender.check(t, "after a kill")
	}
}

// fill writes until there is no room.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = file.Write(block)
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
}
