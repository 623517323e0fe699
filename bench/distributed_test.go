package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFindings(t *testing.T) {
	var f findings
	f.add("rows", "%d/s", 7)
	f.hold(true, "< 1 s", "delay", "%s", "12 ms")
	f.hold(false, ">= 0.8", "share", "%.2f", 0.5)
	assert.Equal(t, `
| what | measured | goal | |
|---|---|---|---|
| rows | 7/s | - |  |
| delay | 12 ms | < 1 s | met |
| share | 0.50 | >= 0.8 | **missed** |
`, f.markdown())
}

func TestCostsSince(t *testing.T) {
	before := costs{"gateway": time.Second, "writer": 2 * time.Second}
	after := costs{"gateway": 3 * time.Second, "writer": 2 * time.Second}
	assert.Equal(t, "gateway 2.00, writer 0.00 us", after.since(before, 1_000_000, "gateway", "writer"))
	assert.Equal(t, "3.0 / 5.0 / 5.0 ms", percentiles([]time.Duration{5 * time.Millisecond, 3 * time.Millisecond, time.Millisecond, 4 * time.Millisecond}))
	assert.Equal(t, "500 k/s", rate(1_000_000, 2*time.Second))
}

func TestFirstFailureCounts(t *testing.T) {
	var seen observed
	seen.fail(context.Canceled)
	require.NoError(t, seen.err, "the end of the watch is no failure")
	first := errors.New("first")
	seen.fail(first)
	seen.fail(errors.New("second"))
	assert.Equal(t, first, seen.err)
}

// TestSteadyRate holds that the load has the rate that the goals name.
func TestSteadyRate(t *testing.T) {
	assert.Equal(t, 200*time.Millisecond, steadyInterval)
}

// TestTreeTime uses CPU in a child, while it runs and after it has ended.
func TestTreeTime(t *testing.T) {
	before, err := treeTime(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done").Run())
	after, err := treeTime(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, after, before)
	_, err = treeTime(1 << 30)
	require.Error(t, err)
}
