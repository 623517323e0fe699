package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/agent/plugin"
)

var update = flag.Bool("update", false, "write the golden files")

// What servers have said, over what is measured of it.
func TestMeasure(t *testing.T) {
	recorded, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, recorded)
	for _, file := range recorded {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var m plugin.Metrics
			measure(parseInfo(string(text)), 5, time.Unix(1_800_000_000, 0), &m)
			var lines strings.Builder
			values := m.Values()
			for _, name := range slices.Sorted(maps.Keys(values)) {
				fmt.Fprintf(&lines, "%s %v\n", name, values[name])
			}
			golden := strings.TrimSuffix(file, ".txt") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(lines.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), lines.String())
		})
	}
}

func FuzzMeasure(f *testing.F) {
	for _, text := range []string{"", "uptime_in_seconds:x\r\ndb0:keys=\r\nslave0:\r\ncmdstat_get:usec=1,calls", "cmdstat_:usec=1\nlatency_percentiles_usec_:p50=NaN"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		var m plugin.Metrics
		measure(parseInfo(text), 3, time.Now(), &m)
		m.Values()
	})
}
