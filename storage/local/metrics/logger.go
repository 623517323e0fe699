package metrics

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// slogHandler writes what the TSDB logs to zap, one level lower where it only tells of its
// normal work, so that an organisation's opening and closing doesn't fill the log.
type slogHandler struct {
	logger *zap.Logger
	prefix string
}

var _ slog.Handler = slogHandler{}

func newSlog(logger *zap.Logger) *slog.Logger {
	return slog.New(slogHandler{logger: logger.WithOptions(zap.WithCaller(false))})
}

// Enabled implements slog.Handler.
func (h slogHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.logger.Core().Enabled(zapLevel(level))
}

// Handle implements slog.Handler.
func (h slogHandler) Handle(_ context.Context, record slog.Record) error {
	entry := h.logger.Check(zapLevel(record.Level), record.Message)
	if entry == nil {
		return nil
	}
	fields := make([]zap.Field, 0, record.NumAttrs())
	record.Attrs(func(attr slog.Attr) bool {
		fields = append(fields, h.field(attr))
		return true
	})
	entry.Write(fields...)
	return nil
}

// WithAttrs implements slog.Handler.
func (h slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	fields := make([]zap.Field, 0, len(attrs))
	for _, attr := range attrs {
		fields = append(fields, h.field(attr))
	}
	return slogHandler{logger: h.logger.With(fields...), prefix: h.prefix}
}

// WithGroup implements slog.Handler.
func (h slogHandler) WithGroup(name string) slog.Handler {
	return slogHandler{logger: h.logger, prefix: h.prefix + name + "."}
}

func (h slogHandler) field(attr slog.Attr) zap.Field {
	return zap.Any(h.prefix+attr.Key, attr.Value.Resolve().Any())
}

func zapLevel(level slog.Level) zapcore.Level {
	switch {
	case level >= slog.LevelError:
		return zapcore.ErrorLevel
	case level >= slog.LevelWarn:
		return zapcore.WarnLevel
	}
	return zapcore.DebugLevel
}
