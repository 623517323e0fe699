package ownlog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestValidate(t *testing.T) {
	require.NoError(t, (&Config{Level: "info", Format: "json"}).Validate())
	err := (&Config{Level: "loud", Format: "xml"}).Validate()
	require.ErrorContains(t, err, `logs::level is "loud": use debug, info, warn or error`)
	require.ErrorContains(t, err, `logs::format is "xml": use console or json`)
}

func TestTheFrameworkIsQuiet(t *testing.T) {
	framework := zapcore.EntryCaller{Defined: true, Function: "go.opentelemetry.io/collector/service/extensions.(*Extensions).Start"}
	own := zapcore.EntryCaller{Defined: true, Function: "github.com/pharos-obs/pharos/extensions/storageextension.(*Extension).Start"}
	tests := []struct {
		name   string
		level  zapcore.Level // of the core
		entry  zapcore.Entry
		number int
	}{
		{"framework, info", zapcore.InfoLevel, zapcore.Entry{Level: zapcore.InfoLevel, Caller: framework}, 0},
		{"framework, warning", zapcore.InfoLevel, zapcore.Entry{Level: zapcore.WarnLevel, Caller: framework}, 1},
		{"framework, for who debugs", zapcore.DebugLevel, zapcore.Entry{Level: zapcore.InfoLevel, Caller: framework}, 1},
		{"our own", zapcore.InfoLevel, zapcore.Entry{Level: zapcore.InfoLevel, Caller: own}, 1},
		{"not severe enough", zapcore.InfoLevel, zapcore.Entry{Level: zapcore.DebugLevel, Caller: own}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inner, logs := observer.New(tt.level)
			core := quietCore{inner}.With([]zapcore.Field{zap.Int("n", 1)})
			if checked := core.Check(tt.entry, nil); checked != nil {
				checked.Caller = tt.entry.Caller // zap finds it between Check and Write
				checked.Write()
			}
			assert.Equal(t, tt.number, logs.Len())
		})
	}
}
