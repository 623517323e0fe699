package agentstatusextension

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestFaultsOfTheLog(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	faults, changes := NewFaults(), 0
	faults.now = func() time.Time { return now }
	faults.notify(func() { changes++ })
	core, written := observer.New(zapcore.ErrorLevel)
	program := zap.New(faults.Watch(core))
	files := program.With(zap.String("otelcol.component.kind", "Receiver"), zap.String("otelcol.component.id", "file_log")).With(zap.Int("n", 1))
	sender := program.With(zap.Inline(zapcore.ObjectMarshalerFunc(func(to zapcore.ObjectEncoder) error {
		to.AddString("otelcol.component.kind", "exporter")
		to.AddString("otelcol.component.id", "delivery")
		return nil
	})))

	program.Error("nobody's")
	files.Warn("a warning is none")
	assert.Empty(t, faults.failing())

	denied := &fs.PathError{Op: "open", Path: "/b", Err: fs.ErrPermission}
	files.Error("Failed to open file", zap.Error(denied), zap.String("original_path", "/b"))
	files.Error("Failed to open file", zap.Error(fs.ErrPermission), zap.String("path", "/a"))
	began := now
	now = now.Add(24 * time.Hour)
	assert.Equal(t, []Part{{
		Kind: "receiver", ID: "file_log", State: StateFailing, Since: began,
		Error: "Failed to open file: permission denied (/a)",
	}}, faults.failing(), "it complains but once")
	files.Info("is read", zap.String("path", "/a"))
	assert.Equal(t, "Failed to open file: open /b: permission denied", faults.failing()[0].Error)
	files.Info("is read", zap.String("path", "/other"))
	files.Info("is read", zap.String("path", "/b"))
	assert.Empty(t, faults.failing())

	sender.Error("dropped", zap.Error(errors.New("too old")))
	assert.Equal(t, "dropped: too old", faults.failing()[0].Error)
	now = now.Add(faultLasts - time.Second)
	assert.Len(t, faults.failing(), 1)
	now = now.Add(time.Second)
	assert.Empty(t, faults.failing(), "an error is over some time")

	assert.Equal(t, 5, changes)
	assert.Equal(t, 4, written.Len(), "the log itself stays as it was")
}
