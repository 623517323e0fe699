package metadata

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// The pauses between two tries to reach a database that is away.
const (
	firstPause = 250 * time.Millisecond
	maxPause   = 5 * time.Second
)

// await calls prepare until it succeeds, as long as it fails only because the database is away.
// It logs why it waits, once.
func await(ctx context.Context, engine dialect, logger *zap.Logger, prepare func(context.Context) error) error {
	began, waited := time.Now(), false
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := prepare(ctx)
		if err == nil && waited {
			logger.Info("Metadata database is there", zap.Duration("waited", time.Since(began).Round(time.Millisecond)))
		}
		if err == nil || engine.comes == nil || !engine.comes(err) {
			return coded(engine, "prepare the metadata database", err)
		}
		if !waited && ctx.Err() == nil {
			waited = true
			logger.Warn("Metadata database away; the start waits for it", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return &errcode.Error{
				Code: errcode.Unavailable, Message: "wait for the metadata database", Err: errors.Join(ctx.Err(), err),
			}
		case <-time.After(pause):
		}
	}
}
