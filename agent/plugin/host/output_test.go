package host

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// written returns what comes of output, a second passing after each piece.
func written(t *testing.T, perSecond int, pieces ...string) []string {
	t.Helper()
	var all []string
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		defer close(done)
		out := &lines{throttle: &throttle{done: done}, perSecond: perSecond, emit: func(line string) { all = append(all, line) }}
		for _, one := range pieces {
			n, err := out.Write([]byte(one))
			require.NoError(t, err)
			assert.Equal(t, len(one), n)
			time.Sleep(time.Second)
		}
		out.flush()
	})
	return all
}

func TestLines(t *testing.T) {
	for name, tt := range map[string]struct {
		pieces []string
		want   []string
	}{
		"lines":          {[]string{"a\nb\n"}, []string{"a", "b"}},
		"pieces":         {[]string{"a", "b\nc", ""}, []string{"ab", "c"}},
		"empty lines":    {[]string{"\n\r\n \n"}, []string{" "}},
		"windows":        {[]string{"a\r\nb"}, []string{"a", "b"}},
		"too many":       {[]string{"1\n2\n3\n4\n5\n", "6\n"}, []string{"1", "2", "3", "(2 more lines are left out)", "6"}},
		"too many, over": {[]string{"1\n2\n3\n4\n"}, []string{"1", "2", "3", "(1 more lines are left out)"}},
		"control":        {[]string{"a\x1b[31mb\x00\tc\n"}, []string{"a\ufffd[31mb\ufffd\tc"}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, written(t, 3, tt.pieces...)) })
	}
	long := written(t, 3, strings.Repeat("x", longestLine), strings.Repeat("y", 5*longestLine)+"\nnext\n")
	require.Len(t, long, 2)
	assert.Equal(t, strings.Repeat("x", longestLine), long[0], "the rest of a long line is left out")
	assert.Equal(t, "next", long[1])
}

// endless is output without end.
type endless struct{}

func (endless) Read(into []byte) (int, error) { return len(into), nil }

func (endless) Close() error { return nil }

// Who writes without end has to wait.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		done := make(chan struct{})
		slow := &slowReader{throttle: &throttle{done: done}}
		slow.ReadCloser = endless{}
		buffer := make([]byte, outputPerSecond/4)
		for range 16 {
			_, err := slow.Read(buffer)
			require.NoError(t, err)
		}
		assert.GreaterOrEqual(t, time.Since(begun), 2*time.Second)
		close(done) // and nobody waits for one that has ended
		begun = time.Now()
		for range 16 {
			_, err := slow.Read(buffer)
			require.NoError(t, err)
		}
		assert.Zero(t, time.Since(begun))
	})
}

func TestShorten(t *testing.T) {
	assert.Equal(t, "a b", Shorten("a\n\tb "))
	assert.Equal(t, strings.Repeat("é", longestText)+"…", Shorten(strings.Repeat("é", 2*longestText)))
	assert.Equal(t, "1.5 MiB", mebibytes(3<<19))
}
