package main

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCleanParts(t *testing.T) {
	const smaps = `00400000-00f97000 r-xp 00000000 fe:00 1234                           /usr/bin/pharos-agent
Rss:                9948 kB
Anonymous:             0 kB
00f97000-01c3a000 r--p 00b97000 fe:00 1234                           /usr/bin/pharos-agent (deleted)
Rss:                9740 kB
Anonymous:             0 kB
01c3a000-01cd6000 rw-p 0183a000 fe:00 1234                           /usr/bin/pharos-agent
Anonymous:             0 kB
01cd6000-01ce0000 r--p 0183a000 fe:00 1234                           /usr/lib/written before it was protected
Anonymous:             4 kB
01cd6000-01d28000 rw-p 00000000 00:00 0 
Anonymous:            80 kB
02000000-02001000 r--s 00000000 fe:00 99                             /a file that is shared
Anonymous:             0 kB
7fff21c47000-7fff21c49000 r-xp 00000000 00:00 0                      [vdso]
Anonymous:             0 kB
nonsense
`
	assert.Equal(t, []addresses{{0x400000, 0xf97000}, {0xf97000, 0x1c3a000}}, cleanParts([]byte(smaps)))
	assert.Empty(t, cleanParts([]byte("zz-1 r-xp 00000000 fe:00 1234 /x\nAnonymous: 0 kB\n5-4 r-xp 00000000 fe:00 1234 /x\nAnonymous: 0 kB\n")))
}

// TestRelease holds that the program goes on from pages that it has given back.
func TestRelease(t *testing.T) {
	before := fileMemory(t)
	release(cleanProgram())
	assert.Less(t, fileMemory(t), before)
}

// fileMemory returns the resident memory that belongs to files, in KiB.
func fileMemory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	found := regexp.MustCompile(`RssFile:\s+(\d+) kB`).FindSubmatch(status)
	require.Len(t, found, 2)
	kilobytes, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return kilobytes
}
