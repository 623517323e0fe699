package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"
)

func TestDaysThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(24 * time.Hour)
	store := open(t, dir)
	for name, at := range map[string]time.Time{"bad": now.Add(-30 * time.Hour), "unsure": now.Add(-time.Hour), "good": now} {
		require.NoError(t, store.Write(t.Context(), testOrg, testLogs(name, 10, at)))
	}
	require.NoError(t, store.Close())
	today, yesterday, bad := now.Format(dayLayout), now.Add(-time.Hour).Format(dayLayout), now.Add(-30*time.Hour).Format(dayLayout)

	var read []string
	cfg := DefaultConfig()
	cfg.ReadDay = func(day string) error {
		read = append(read, day)
		switch day {
		case bad:
			return fmt.Errorf("%w: FATAL", ErrUnreadable)
		case yesterday:
			return errors.New("no memory for another process")
		}
		return ReadDay(t.Context(), dir, day, DefaultConfig())
	}
	logger, logged := observedLogger()
	store, err := Open(dir, cfg, logger)
	require.NoError(t, err)
	assert.Equal(t, []string{today, yesterday, bad}, read, "the newest first")
	assert.Equal(t, map[string]int{"good": 10, "unsure": 10}, batchesIn(t, store))
	require.Equal(t, 1, logged.FilterMessageSnippet("a day of logs is damaged").Len())
	require.Equal(t, 1, logged.FilterMessageSnippet("could not be checked").Len())
	require.NoError(t, store.Close())
	moved, err := os.ReadDir(filepath.Join(dir, "quarantine"))
	require.NoError(t, err)
	assert.Len(t, moved, 1)
}

func TestReadDay(t *testing.T) {
	dir := t.TempDir()
	require.ErrorContains(t, ReadDay(t.Context(), dir, "yesterday", DefaultConfig()), "read a day of logs")
	store, err := Open(dir, DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.NoError(t, ReadDay(t.Context(), dir, time.Now().UTC().Format(dayLayout), DefaultConfig()), "a day without logs")
}
