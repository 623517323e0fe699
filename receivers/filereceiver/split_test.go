package filereceiver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func cutter(tb testing.TB, limit int, multiline MultilineConfig) *splitter {
	tb.Helper()
	cfg := defaultConfig()
	cfg.Multiline = multiline
	s, err := newSplitter(cfg)
	require.NoError(tb, err)
	s.max = limit
	return s
}

// records cuts all of a text.
func records(s *splitter, text string, final bool) (all []string, rest string) {
	data := []byte(text)
	for {
		found, ok := s.next(data, final)
		if !ok {
			return all, string(data)
		}
		all = append(all, string(found.record))
		data = data[found.size:]
	}
}

func TestSplit(t *testing.T) {
	const java = "2026-11-30 ERROR failed\njava.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: y\n\t... 3 more\n"
	const python = "ERROR:root:failed\nTraceback (most recent call last):\n  File \"x.py\", line 1, in f\n    g()\nValueError: bad\nINFO:root:next\n"
	const golang = "panic: boom\n\ngoroutine 1 [running]:\nmain.f(0x1, 0x2)\n\t/x/main.go:5 +0x1d\nmain.main()\n\t/x/main.go:9 +0x2\nexit status 2\n"
	for name, c := range map[string]struct {
		multiline MultilineConfig
		text      string
		want      []string
		rest      string
		final     []string // of the rest
	}{
		"lines":           {MultilineConfig{}, "a\nb\r\n\nc", []string{"a", "b", ""}, "c", []string{"c"}},
		"nothing":         {MultilineConfig{}, "", nil, "", nil},
		"long":            {MultilineConfig{}, strings.Repeat("x", 450) + "\ny\n", []string{strings.Repeat("x", 200), strings.Repeat("x", 200), strings.Repeat("x", 50), "y"}, "", nil},
		"long, two bytes": {MultilineConfig{}, "a" + strings.Repeat("é", 120) + "\n", []string{"a" + strings.Repeat("é", 99), strings.Repeat("é", 21)}, "", nil},
		"just so long":    {MultilineConfig{}, strings.Repeat("x", 200) + "\n", []string{strings.Repeat("x", 200), ""}, "", nil},
		"start":           {MultilineConfig{Start: `^\d`}, "1 a\n b\nc\n2 d\n3", []string{"1 a\n b\nc"}, "2 d\n3", []string{"2 d", "3"}},
		"end":             {MultilineConfig{End: `;$`}, "a\nb;\nc\n", []string{"a\nb;"}, "c\n", []string{"c"}},
		"java":            {MultilineConfig{Preset: "stacktrace"}, "before\n" + java + "after\n", []string{"before", "2026-11-30 ERROR failed", java[24 : len(java)-1]}, "after\n", []string{"after"}},
		"python":          {MultilineConfig{Preset: "stacktrace"}, python, []string{strings.TrimSuffix(python, "\nINFO:root:next\n")}, "INFO:root:next\n", []string{"INFO:root:next"}},
		"go":              {MultilineConfig{Preset: "stacktrace"}, "x\n" + golang, []string{"x", strings.TrimSuffix(golang, "\nexit status 2\n")}, "exit status 2\n", []string{"exit status 2"}},
		"container": {
			MultilineConfig{Preset: "container"},
			"2026-11-30T10:00:00Z stdout F one\n2026-11-30T10:00:00Z stdout P two \n2026-11-30T10:00:00Z stdout F more\n2026-11-30T10:00:00Z stdout P half\n",
			[]string{"2026-11-30T10:00:00Z stdout F one", "2026-11-30T10:00:00Z stdout P two \n2026-11-30T10:00:00Z stdout F more"},
			"2026-11-30T10:00:00Z stdout P half\n",
			[]string{"2026-11-30T10:00:00Z stdout P half"},
		},
		"many lines": {MultilineConfig{Start: "^>"}, ">" + strings.Repeat(strings.Repeat("x", 60)+"\n", 5), []string{">" + strings.Repeat(strings.Repeat("x", 60)+"\n", 2) + strings.Repeat("x", 60)}, strings.Repeat(strings.Repeat("x", 60)+"\n", 2), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := cutter(t, 200, c.multiline)
			got, rest := records(s, c.text, false)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.rest, rest)
			if c.final != nil {
				final, left := records(s, rest, true)
				assert.Equal(t, c.final, final)
				assert.Empty(t, left)
			}
		})
	}
}

// The same bytes are the same records, wherever a batch ended and however much was there to see.
func FuzzSplit(f *testing.F) {
	f.Add("a\nb\n\tc\nCaused by: x\n", uint8(3))
	f.Add("1\n2\n3\n; \n 4", uint8(1))
	f.Fuzz(func(t *testing.T, text string, seen uint8) {
		const limit = 20
		for _, multiline := range []MultilineConfig{{}, {Preset: "stacktrace"}, {Start: "^[a-z]"}, {End: ";$"}, {Preset: "container"}} {
			s := cutter(t, limit, multiline)
			whole, rest := records(s, text, false)
			for begin, n := 0, 0; begin < len(text); n++ {
				found, ok := s.next([]byte(text[begin:]), false)
				if !ok {
					break
				}
				require.Positive(t, found.size)
				require.LessOrEqual(t, len(found.record), limit)
				require.Equal(t, whole[n], string(found.record))
				// Read again: up to here, and to the end of it.
				again, ok := s.next([]byte(text[begin:begin+found.size]), true)
				require.True(t, ok)
				require.Equal(t, found.size, again.size)
				require.Equal(t, found.record, again.record)
				// With less to see: the same, or nothing yet.
				less := text[begin:min(len(text), begin+limit+1+int(seen))]
				if early, ok := s.next([]byte(less), false); ok {
					require.Equal(t, found, early)
				}
				begin += found.size
			}
			final, left := records(s, rest, true)
			require.Empty(t, left)
			require.LessOrEqual(t, len(strings.Join(final, "")), len(rest))
		}
	})
}
