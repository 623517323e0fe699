package blackbox

import (
	"context"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// killUnderLoad kills the server at random moments while every protocol sends, and counts after
// each restart on the same data.
func killUnderLoad(t *testing.T, s *server.Server) {
	t.Helper()
	load := newLoadOf(t, s, "kill")
	for round := range rounds(s) {
		killAfter(t, s, load, time.Duration(200+rand.IntN(1200))*time.Millisecond)
		if round%2 == 1 || len(s.Parts) > 0 {
			// Once more while it reads its journals.
			s.Launch()
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
			s.Kill()
		}
		s.Start()
		for _, sender := range load {
			sender.check(t, "after a kill")
			sender.resend(t)
			sender.check(t, "after sending again")
		}
		require.False(t, t.Failed(), "round %d", round)
	}
	s.Restart()
	for _, sender := range load {
		sender.resend(t)
		sender.check(t, "after a restart")
	}
}

// rounds is how often a server is killed. Several processes on real servers take their time.
func rounds(s *server.Server) int {
	if len(s.Parts) > 0 {
		return 1
	}
	return 6
}

// killAfter sends with all senders until the server is killed under them.
func killAfter(t *testing.T, s *server.Server, load []*sender, after time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	killed := make(chan struct{})
	timer := time.AfterFunc(after, func() {
		defer close(killed)
		s.Signal(syscall.SIGKILL)
	})
	defer timer.Stop()
	runAll(ctx, load)
	<-killed
	s.AwaitEnd()
}

// stopUnderLoad ends the server as an operator does: what was acknowledged until then is
// there afterwards.
func stopUnderLoad(t *testing.T, s *server.Server) {
	t.Helper()
	load := newLoadOf(t, s, "stop")
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		timer := time.AfterFunc(700*time.Millisecond, func() { s.Signal(syscall.SIGTERM) })
		runAll(ctx, load)
		cancel()
		timer.Stop()
		require.Zero(t, s.AwaitEnd(), "a clean shutdown is a success")
		s.Start()
		for _, sender := range load {
			sender.check(t, "after a stop")
			sender.resend(t)
			sender.check(t, "after sending again")
		}
	}
}
