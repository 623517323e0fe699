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
	files := program.With(zap.String("otelcol.component.kind", "Receiver"), zap.String("otelcol.component.id", "files")).With(zap.Int("n", 1))
	sender := program.With(zap.Inline(zapcore.ObjectMarshalerFunc(func(to zapcore.ObjectEncoder) error {
		to.AddString("otelcol.component.kind", "exporter")
		to.AddString("otelcol.component.id", "delivery")
		return nil
	})))

	program.Error("nobody's")
	files.Warn("a warning is none")
	assert.Empty(t, faults.failing())

	began := now
	files.Error("cannot read", zap.Error(fs.ErrPermission), zap.String("file", "/a"))
	now = now.Add(time.Minute)
	files.Error("cannot read on")
	assert.Equal(t, []Part{{Kind: "receiver", ID: "files", State: StateFailing, Since: began, Error: "cannot read on"}}, faults.failing(), "it fails since the first error")
	now = now.Add(faultLasts)
	assert.Empty(t, faults.failing(), "an error is over some time")

	sender.Error("dropped", zap.Error(errors.New("too old")))
	assert.Equal(t, "dropped: too old", faults.failing()[0].Error)
	now = now.Add(faultLasts - time.Second)
	assert.Len(t, faults.failing(), 1)
	now = now.Add(time.Second)
	assert.Empty(t, faults.failing(), "an error is over some time")

	assert.Equal(t, 3, changes)
	assert.Equal(t, 4, written.Len(), "the log itself stays as it was")
}
