package syslogreceiver

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func frames(from io.Reader, limit int) (all []string, cuts int, err error) {
	f := newFramer(from, limit)
	for {
		message, cut, err := f.next()
		if err != nil {
			return all, cuts, err
		}
		if cut {
			cuts++
		}
		all = append(all, string(message))
	}
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	for name, c := range map[string]struct {
		stream string
		want   []string
		cuts   int
		err    error
	}{
		"lines":             {"<1>a\n<2>b\r\n<3>c", []string{"<1>a", "<2>b", "<3>c"}, 0, io.EOF},
		"counted":           {"4 <1>a6 <2>b\nc3 <3>", []string{"<1>a", "<2>b\nc", "<3>"}, 0, io.EOF},
		"both":              {"4 <1>a<2>b\n4 <3>c", []string{"<1>a", "<2>b", "<3>c"}, 0, io.EOF},
		"a date":            {"2026-11-30 a line\n", []string{"2026-11-30 a line"}, 0, io.EOF},
		"digits at the end": {"<1>a\n123", []string{"<1>a", "123"}, 0, io.EOF},
		"zero":              {"0 x\n", []string{"0 x"}, 0, io.EOF},
		"many digits":       {"123456789 x\n", []string{"123456789 x"}, 0, io.EOF},
		"not all of it":     {"10 <1>a", nil, 0, io.ErrUnexpectedEOF},
		"nothing":           {"", nil, 0, io.EOF},
		"empty lines":       {"\n\n<1>a\n", []string{"", "", "<1>a"}, 0, io.EOF},
		"too long":          {"<1>" + long + "\n<2>b\n20000 " + long + "4 <3>c", []string{"<1>" + long[:997], "<2>b", long[:1000], "<3>c"}, 2, io.EOF},
		"a null byte":       {"<1>a\x00\n", []string{"<1>a"}, 0, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			for _, from := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream))} {
				got, cuts, err := frames(from, 1000)
				assert.Equal(t, c.want, got)
				assert.Equal(t, c.cuts, cuts)
				assert.ErrorIs(t, err, c.err)
			}
		})
	}
}

func FuzzFrames(f *testing.F) {
	f.Add("<1>a\n4 <2>b")
	f.Add("999999 x")
	f.Fuzz(func(t *testing.T, stream string) {
		got, _, err := frames(strings.NewReader(stream), 500)
		require.Error(t, err)
		require.NotErrorIs(t, err, bufio.ErrBufferFull)
		for _, message := range got {
			require.LessOrEqual(t, len(message), 500)
		}
		if errors.Is(err, io.EOF) && !strings.ContainsAny(stream, "0123456789\n\r\x00") && stream != "" && len(stream) < 500 {
			require.Equal(t, []string{stream}, got)
		}
	})
}
