package deliveryexporter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/recordid"
)

func identified(id string) plog.Logs {
	logs := logsOf("one", "two")
	recordid.Identify(logs, func() string { return id })
	return logs
}

// A batch whose records bring their ids is taken once, also by another process.
func TestBatchThatComesAgain(t *testing.T) {
	server := newFake(t)
	cfg := testConfig(t, server.URL)
	e, _ := start(t, cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), identified("a")))
	require.NoError(t, e.ConsumeLogs(t.Context(), identified("a")))
	eventually(t, func() bool { return e.stats().Records == 0 && server.count() == 2 })
	require.NoError(t, e.Shutdown(t.Context()))
	e, _ = start(t, cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), identified("a")))
	require.NoError(t, e.ConsumeLogs(t.Context(), identified("b")))
	eventually(t, func() bool { return e.stats().Records == 0 && server.count() == 4 })
	assert.Equal(t, map[string]int{"a-0": 1, "a-1": 1, "b-0": 1, "b-1": 1}, server.ids)
	assert.Zero(t, batchKey(logsOf("no id")))
	assert.NotEqual(t, batchKey(identified("a")), batchKey(identified("b")))
}
