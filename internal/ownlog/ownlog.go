// Package ownlog is the log of our programs about themselves.
package ownlog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"
)

// Size and number of the log's files.
const (
	fileMegabytes = 10
	filesKept     = 3
)

// Config configures the log.
type Config struct {
	// Level is the least severe level that is written: debug, info, warn or error.
	Level string `mapstructure:"level"`
	// Format of what goes to standard error: console or json.
	Format string `mapstructure:"format"`
	// File takes a second copy, always as JSON, in files of 10 MB of which three are kept.
	// Empty means none.
	File string `mapstructure:"file"`
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Level) {
		errs = append(errs, fmt.Errorf("logs::level is %q: use debug, info, warn or error", c.Level))
	}
	if !slices.Contains([]string{"console", "json"}, c.Format) {
		errs = append(errs, fmt.Errorf("logs::format is %q: use console or json", c.Format))
	}
	return errors.Join(errs...)
}

// New opens the log, and returns how to close it.
func New(cfg Config) (*zap.Logger, func(context.Context) error, error) {
	level, err := zapcore.ParseLevel(cfg.Level)
	if err != nil {
		return nil, nil, fmt.Errorf("logs::level: %w", err)
	}
	var core zapcore.Core = quietCore{zapcore.NewCore(encoder(cfg.Format), zapcore.Lock(os.Stderr), level)}
	closeFile := func() error { return nil }
	if cfg.File != "" {
		if err := os.MkdirAll(filepath.Dir(cfg.File), 0o750); err != nil {
			return nil, nil, fmt.Errorf("logs::file: %w", err)
		}
		file := &lumberjack.Logger{Filename: cfg.File, MaxSize: fileMegabytes, MaxBackups: filesKept}
		core = zapcore.NewTee(core, zapcore.NewCore(encoder("json"), zapcore.AddSync(file), level))
		closeFile = file.Close
	}
	logger := zap.New(core, zap.AddCaller(), zap.AddStacktrace(zapcore.DPanicLevel), zap.WithFatalHook(zapcore.WriteThenPanic))
	return logger, func(context.Context) error {
		err := logger.Sync()
		if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTTY) {
			err = nil // a terminal or a pipe cannot be synced
		}
		return errors.Join(err, closeFile())
	}, nil
}

// quietCore leaves out what the Collector's framework tells of each part's start and stop, which
// is for the file, or for those who ask for debug.
type quietCore struct{ zapcore.Core }

// With implements zapcore.Core.
func (c quietCore) With(fields []zapcore.Field) zapcore.Core { return quietCore{c.Core.With(fields)} }

// Check implements zapcore.Core. The caller is known only to Write.
func (c quietCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write implements zapcore.Core.
func (c quietCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if entry.Level == zapcore.InfoLevel && !c.Enabled(zapcore.DebugLevel) && fromFramework(entry.Caller.Function) {
		return nil
	}
	return c.Core.Write(entry, fields)
}

func fromFramework(function string) bool {
	return strings.HasPrefix(function, "go.opentelemetry.io/collector/") ||
		strings.HasPrefix(function, "github.com/open-telemetry/opentelemetry-collector-contrib/")
}

func encoder(format string) zapcore.Encoder {
	if format == "json" {
		cfg := zap.NewProductionEncoderConfig()
		cfg.TimeKey, cfg.MessageKey = "time", "message"
		cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
		return zapcore.NewJSONEncoder(cfg)
	}
	cfg := zap.NewDevelopmentEncoderConfig()
	cfg.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
	cfg.CallerKey = zapcore.OmitKey
	return zapcore.NewConsoleEncoder(cfg)
}
