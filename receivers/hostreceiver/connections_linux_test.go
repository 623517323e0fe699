package hostreceiver

import (
	"encoding/binary"
	"maps"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestNetlinkAgreesWithTables compares both ways to count on this very host, whose connections
// come and go.
func TestNetlinkAgreesWithTables(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	direct, tables := newConnectionCounter(&host{}), newConnectionCounter(&host{})
	tables.direct = false
	if err := direct.ask(map[connectionKind]uint64{}); err != nil {
		t.Logf("this sandbox forbids it: %v", err)
		_, err := direct.count(t.Context(), fakeNow)
		require.NoError(t, err)
		assert.False(t, direct.direct, "and so the tables are read")
		return
	}
	stable := func(counts map[connectionKind]uint64) map[connectionKind]uint64 {
		maps.DeleteFunc(counts, func(k connectionKind, _ uint64) bool { return k.state != "listen" && k.state != "established" })
		return counts
	}
	now := fakeNow
	require.Eventually(t, func() bool {
		now = now.Add(rereadAfter)
		one, err := direct.count(t.Context(), now)
		require.NoError(t, err)
		other, err := tables.count(t.Context(), now)
		require.NoError(t, err)
		one, other = stable(one), stable(other)
		return maps.Equal(one, other) && one[connectionKind{"tcp", "established"}] >= 2 && one[connectionKind{"tcp", "listen"}] >= 1
	}, time.Minute, 10*time.Millisecond)
	assert.True(t, direct.direct)
}

// TestTablesAreReadOnceAMinute changes a table that costs much to read.
func TestTablesAreReadOnceAMinute(t *testing.T) {
	root := copyTree(t, "proc/1/net")
	c := newConnectionCounter(&host{root: root})
	assert.False(t, c.direct, "this is another network")
	counted := func(now time.Time) (sum uint64) {
		counts, err := c.count(t.Context(), now)
		require.NoError(t, err)
		for kind, count := range counts {
			if kind.transport == "tcp" {
				sum += count
			}
		}
		return sum
	}
	before := counted(fakeNow)
	assert.Positive(t, before)
	require.NoError(t, os.Remove(filepath.Join(root, "proc/1/net/tcp")))
	require.NoError(t, os.Remove(filepath.Join(root, "proc/1/net/tcp6")))
	assert.Equal(t, before, counted(fakeNow.Add(50*time.Second)))
	assert.Zero(t, counted(fakeNow.Add(time.Minute)))
}

// message returns a netlink message.
func message(kind uint16, body ...byte) []byte {
	m := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+len(body))
	binary.NativeEndian.PutUint32(m, uint32(unix.NLMSG_HDRLEN+len(body)))
	binary.NativeEndian.PutUint16(m[4:], kind)
	return append(m, body...)
}

func TestCountAnswers(t *testing.T) {
	var states [newSynReceived + 1]uint64
	datagram := append(message(tcpDiagGetSock, unix.AF_INET, 10, 0, 0), message(tcpDiagGetSock, unix.AF_INET6, 1, 0, 0)...)
	done, err := countAnswers(append(datagram, message(tcpDiagGetSock, unix.AF_INET, 200, 0, 0)...), &states)
	require.NoError(t, err)
	assert.False(t, done)
	assert.Equal(t, [newSynReceived + 1]uint64{1: 1, 10: 1}, states)

	done, err = countAnswers(message(unix.NLMSG_DONE, 0, 0, 0, 0), &states)
	require.NoError(t, err)
	assert.True(t, done)
	refused := make([]byte, 4)
	binary.NativeEndian.PutUint32(refused, ^uint32(unix.ENOENT)+1)
	_, err = countAnswers(message(unix.NLMSG_ERROR, refused...), &states)
	require.ErrorIs(t, err, unix.ENOENT)
	_, err = countAnswers(message(tcpDiagGetSock, 1, 2, 3, 4)[:18], &states)
	require.ErrorContains(t, err, "cut off")
}

func FuzzCountAnswers(f *testing.F) {
	f.Add(message(tcpDiagGetSock, unix.AF_INET, 10, 0, 0))
	f.Add(message(unix.NLMSG_ERROR, 1))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		var states [newSynReceived + 1]uint64
		_, _ = countAnswers(datagram, &states)
		for _, count := range states {
			require.LessOrEqual(t, count, uint64(len(datagram)/unix.NLMSG_HDRLEN))
		}
	})
}
