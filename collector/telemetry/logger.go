package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"
)

// Size and number of the log's files.
const (
	fileMegabytes = 10
	filesKept     = 3
)

func createLogger(_ context.Context, _ telemetry.LoggerSettings, cfg component.Config) (*zap.Logger, component.ShutdownFunc, error) {
	own, err := configOf(cfg)
	if err != nil {
		return nil, nil, err
	}
	level, err := zapcore.ParseLevel(own.Logs.Level)
	if err != nil {
		return nil, nil, fmt.Errorf("logs::level: %w", err)
	}
	core := zapcore.NewCore(encoder(own.Logs.Format), zapcore.Lock(os.Stderr), level)
	closeFile := func() error { return nil }
	if own.Logs.File != "" {
		if err := os.MkdirAll(filepath.Dir(own.Logs.File), 0o750); err != nil {
			return nil, nil, fmt.Errorf("logs::file: %w", err)
		}
		file := &lumberjack.Logger{Filename: own.Logs.File, MaxSize: fileMegabytes, MaxBackups: filesKept}
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
