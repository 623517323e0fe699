//go:build linux

package hostreceiver

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestParseStat(t *testing.T) {
	const rest = " S 1 1 1 0 -1 4194560 500 900 20 30 100 50 5 6 20 0 3 0 10 20000000 1000 184"
	tests := []struct {
		line    string
		name    string
		invalid bool
	}{
		{line: "1 (init)" + rest, name: "init"},
		{line: "1 (kworker/u8:0-ext4-rsv-conversion)" + rest, name: "kworker/u8:0"},
		{line: "1 (kworker/1:1H+kblockd)" + rest, name: "kworker/1:1H"},
		{line: "1 (kworker/0:1)" + rest, name: "kworker/0:1"},
		{line: "1 (my-app)" + rest, name: "my-app"},
		{line: "1 (a) b)" + rest, name: "a) b"},
		{line: "1 ()" + rest, name: ""},
		{line: "1 (new\nline)" + rest, name: "new\nline"},
		{line: "", invalid: true},
		{line: "1 (init)", invalid: true},
		{line: "1 (init) S 1 2 3", invalid: true},
		{line: "1 )init( S", invalid: true},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			var p processStat
			err := (&procSource{page: 4096, boot: fakeNow}).parse([]byte(tt.line), &p)
			if tt.invalid {
				require.ErrorIs(t, err, errStatFormat)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.name, p.name)
			assert.Equal(t, "sleeping", p.state)
			assert.InDelta(t, 1.5, p.cpu(), 1e-9)
			assert.Equal(t, uint64(3), p.threads)
			assert.Equal(t, uint64(4096000), p.rss)
			assert.Equal(t, int64(10), p.key.birth)
		})
	}
}

func TestStateOf(t *testing.T) {
	tests := []struct{ line, want string }{
		{"   0: 0100007F:1F90 00000000:0000 0A 0000", "listen"},
		{"  17: 0100007F:1F90 00000000:0000 0C 0000", "syn_received"},
		{"  17: 0100007F:1F90 00000000:0000 FF 0000", ""},
		{"  17: 0100007F:1F90 00000000:0000 0", ""},
		{"  17: 0100007F:1F90 00000000:0000 zz", ""},
		{"", ""},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, stateOf([]byte(tt.line), tcpStates()), tt.line)
	}
}

// TestThisHost compares with what the kernel says of this very process.
func TestThisHost(t *testing.T) {
	h := &host{}
	table := newProcessTable(newProcessSource(h), 10)
	require.NoError(t, table.refresh(t.Context(), newBatch(pmetric.NewMetricSlice(), fakeNow, time.Time{}, newFiles())))
	p := table.known[int32(os.Getpid())]
	require.NotNil(t, p, "this process is not in the list")
	assert.Equal(t, filepath.Base(os.Args[0])[:15], (p.name + "               ")[:15])
	assert.Positive(t, p.rss)
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	d := table.source.details(t.Context(), p)
	assert.True(t, d.hasFiles)
	assert.InDelta(t, len(open), d.files, 20, "other tests open files, too")
	busy, known := table.source.busy()
	assert.True(t, known)
	assert.GreaterOrEqual(t, busy, p.cpu())
}

func TestMissingFiles(t *testing.T) {
	h := &host{root: t.TempDir()}
	_, err := readUptime(t.Context(), h)
	require.ErrorContains(t, err, "read uptime")
	counts, err := newConnectionCounter(h).count(t.Context(), fakeNow)
	require.NoError(t, err)
	assert.Empty(t, counts)

	proc := filepath.Join(h.root, "proc")
	require.NoError(t, os.MkdirAll(filepath.Join(proc, "99"), 0o750)) // ended meanwhile
	require.NoError(t, os.WriteFile(filepath.Join(proc, "uptime"), []byte("12.5 3"), 0o600))
	refresh := func() error {
		table := newProcessTable(newProcessSource(h), 10)
		return table.refresh(t.Context(), newBatch(pmetric.NewMetricSlice(), fakeNow, time.Time{}, newFiles()))
	}
	require.ErrorIs(t, refresh(), errNoProcesses)
	require.NoError(t, os.WriteFile(filepath.Join(proc, "uptime"), []byte("soon"), 0o600))
	_, err = readUptime(t.Context(), h)
	require.ErrorContains(t, err, `read uptime "soon": it is not a number of seconds`)
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("1 (init) S 1 1 1 0 -1 4194560 500 900 20 30 100 50 5 6 20 0 3 0 10 20000000 1000 184"))
	f.Add([]byte("1 (a) b) R"))
	f.Fuzz(func(t *testing.T, line []byte) {
		var p processStat
		if err := (&procSource{page: 4096}).parse(line, &p); err == nil {
			require.NotEmpty(t, p.state)
		}
		stateOf(line, tcpStates())
	})
}
