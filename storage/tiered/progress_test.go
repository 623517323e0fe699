package tiered

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestProgress(t *testing.T) {
	var progress Progress
	assert.Zero(t, progress.State())
	heard := time.Now()
	for says, state := range map[string]State{
		"heard nothing from Kafka yet":                        {},
		"catching up: 7 messages behind":                      {Heard: heard, Behind: 7},
		"heard nothing from Kafka since 2026-01-02 03:04:05Z": {Heard: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), CaughtUp: true},
	} {
		progress.Set(state)
		assert.Equal(t, state, progress.State())
		err := progress.Health()
		require.ErrorContains(t, err, says)
		assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	}
	progress.Set(State{Heard: heard, CaughtUp: true, Behind: 7})
	require.NoError(t, progress.Health())
}

func TestReplayed(t *testing.T) {
	var progress Progress
	now := time.Now()
	require.ErrorContains(t, progress.Replayed(now), "heard nothing from Kafka yet")
	require.NoError(t, progress.Replayed(now.Add(-time.Minute)), "it makes no sense to wait for Kafka")
	progress.Set(State{Heard: now, Behind: 7})
	require.ErrorContains(t, progress.Replayed(now.Add(-time.Minute)), "7 messages behind")
	progress.Set(State{Heard: now.Add(-time.Minute), Behind: 7})
	require.NoError(t, progress.Replayed(now.Add(-time.Hour)))
	progress.Set(State{Heard: now, CaughtUp: true})
	require.NoError(t, progress.Replayed(now))
	progress.Set(State{Heard: now, Behind: 100_000})
	require.NoError(t, progress.Replayed(now), "once is enough")
	require.Error(t, progress.Health())
}
