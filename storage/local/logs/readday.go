package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.uber.org/zap"
)

// dayLayout is how the engine names the folder of a day.
const dayLayout = "20060102"

// ErrUnreadable says that the engine panics on a day.
var ErrUnreadable = errors.New("the log engine cannot read the day")

// ReadDay reads every value of a day ("20261124") of the store in a folder that no store has open.
// Where values on the disk have changed, the engine panics in goroutines of its own, which ends
// the process: so that this is for a process of its own.
func ReadDay(ctx context.Context, dir, day string, cfg Config) error {
	start, err := time.Parse(dayLayout, day)
	if err != nil {
		return fmt.Errorf("read a day of logs: %w", err)
	}
	engine, err := openEngine(filepath.Join(dir, "data"), cfg)
	if err != nil {
		return err
	}
	defer engine.MustClose()
	from, to := start.UnixNano(), start.Add(24*time.Hour).UnixNano()-1
	tenants, err := engine.GetTenantIDs(ctx, from, to)
	if err != nil || len(tenants) == 0 {
		return err
	}
	query, err := logstorage.ParseQueryAtTimestamp("*", to)
	if err != nil {
		return err
	}
	query.AddTimeFilter(from, to)
	var stats logstorage.QueryStats
	return engine.RunQuery(logstorage.NewQueryContext(ctx, &stats, tenants, query, false, nil), func(uint, *logstorage.DataBlock) {})
}

// readDays has every day read by another process, the newest first, and moves away those that the
// engine panics on.
func readDays(engineDir, quarantineDir string, read func(day string) error, logger *zap.Logger) error {
	days, err := os.ReadDir(filepath.Join(engineDir, "partitions"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read log store: %w", err)
	}
	logger.Info("reading all logs, because the process before ended by a fault of the log engine", zap.Int("days", len(days)))
	slices.Reverse(days)
	for _, day := range days {
		if _, err := time.Parse(dayLayout, day.Name()); err != nil {
			continue
		}
		switch err := read(day.Name()); {
		case errors.Is(err, ErrUnreadable):
			if err := moveAway(filepath.Join(engineDir, "partitions", day.Name()), quarantineDir, err, logger); err != nil {
				return err
			}
		case err != nil:
			logger.Warn("a day of logs could not be checked", zap.String("day", day.Name()), zap.Error(err))
		}
	}
	return nil
}
