package logparse

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/recordid"
)

var update = flag.Bool("update", false, "write the golden files")

var readAt = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func parser(tb testing.TB, cfg Config) *Parser {
	tb.Helper()
	require.NoError(tb, cfg.Validate())
	p, err := New(cfg)
	require.NoError(tb, err)
	return p
}

func parse(p *Parser, line string) plog.LogRecord {
	record := plog.NewLogRecord()
	p.Parse(line, readAt, record)
	return record
}

func show(t *testing.T, record plog.LogRecord) string {
	t.Helper()
	attributes, err := json.Marshal(record.Attributes().AsRaw())
	require.NoError(t, err)
	at := "read"
	if record.Timestamp() != pcommon.NewTimestampFromTime(readAt) {
		at = record.Timestamp().AsTime().Format(time.RFC3339Nano)
	}
	text := fmt.Sprintf("%s | %s %s | %q | %s", at, record.SeverityText(), record.SeverityNumber(), record.Body().AsString(), attributes)
	if !record.TraceID().IsEmpty() {
		text += " | " + record.TraceID().String() + " " + record.SpanID().String()
	}
	return text
}

func TestLines(t *testing.T) {
	lines, err := os.ReadFile("testdata/lines.txt")
	require.NoError(t, err)
	var got strings.Builder
	for line := range strings.Lines(string(lines)) {
		format, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		require.True(t, ok, line)
		p := parser(t, Config{Format: format, Timezone: "UTC"})
		fmt.Fprintf(&got, "%s\t%s\n\t%s\n", format, text, show(t, parse(p, text)))
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/lines.golden", []byte(got.String()), 0o600))
	}
	want, err := os.ReadFile("testdata/lines.golden")
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String())
}

func TestRegex(t *testing.T) {
	p := parser(t, Config{Format: Regex, Regex: `^(?P<time>\S+ \S+) (?P<level>\w+) (?P<user>\S+)?: (?P<message>.*)$`, TimeLayout: "02.01.2006 15:04", Timezone: "Europe/Berlin"})
	assert.Equal(t, `2026-11-30T09:00:00Z | warn Warn | "it is late" | {"user":"bob"}`, show(t, parse(p, "30.11.2026 10:00 warn bob: it is late")))
	assert.Equal(t, `read |  Unspecified | "no match" | {}`, show(t, parse(p, "no match")))
}

func TestTimesWithoutAZone(t *testing.T) {
	p := parser(t, Config{Format: Auto, Timezone: "America/New_York"})
	for _, line := range []string{"2026-11-30 05:00:00 INFO x", "Nov 30 05:00:00 host app: x", "I1130 05:00:00.0 1 x.go:1] x", `{"time":"2026-11-30 05:00:00"}`} {
		assert.Equal(t, "2026-11-30T10:00:00Z", parse(p, line).Timestamp().AsTime().Format(time.RFC3339Nano), line)
	}
}

func TestStackTraceBehindALine(t *testing.T) {
	record := parse(parser(t, Config{Format: Auto, Timezone: "UTC"}), "{\"level\":\"error\",\"msg\":\"failed\",\"n\":1}\nTraceback\n  File x")
	assert.Equal(t, `read | error Error | "failed\nTraceback\n  File x" | {"n":1}`, show(t, record))
	record = parse(parser(t, Config{Format: Auto, Timezone: "UTC"}), "2026-11-30 10:00:00 ERROR failed\n\tat x")
	assert.Equal(t, `2026-11-30T10:00:00Z | ERROR Error | "2026-11-30 10:00:00 ERROR failed\n\tat x" | {}`, show(t, record))
}

func TestManyFieldsStayText(t *testing.T) {
	var line strings.Builder
	for i := range maxAttributes + 1 {
		fmt.Fprintf(&line, "k%d=%d ", i, i)
	}
	record := parse(parser(t, Config{Format: Auto}), line.String())
	assert.Equal(t, line.String(), record.Body().Str())
	assert.Zero(t, record.Attributes().Len())
}

func TestValidate(t *testing.T) {
	for says, cfg := range map[string]Config{
		`format is "xml": use one of`:            {Format: "xml"},
		"regex goes with":                        {Format: Regex},
		"regex: error parsing":                   {Format: Regex, Regex: "("},
		"regex has no named group":               {Format: Regex, Regex: "a(b)"},
		`timezone is "Mars", which this host`:    {Format: Auto, Timezone: "Mars"},
		"regex goes with `format: regex`, and o": {Format: Auto, Regex: "(?P<a>.)"},
	} {
		assert.ErrorContains(t, cfg.Validate(), says)
	}
}

func FuzzParse(f *testing.F) {
	lines, err := os.ReadFile("testdata/lines.txt")
	require.NoError(f, err)
	for line := range strings.Lines(string(lines)) {
		_, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		f.Add(text)
	}
	var parsers []*Parser
	for _, format := range formats {
		if format != Regex {
			parsers = append(parsers, parser(f, Config{Format: format, Timezone: "UTC"}))
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) {
			return
		}
		for _, p := range parsers {
			record := parse(p, line)
			require.NotZero(t, record.Timestamp(), p.format)
			require.NotEqual(t, pcommon.ValueTypeEmpty, record.Body().Type(), p.format)
			require.LessOrEqual(t, record.Attributes().Len(), maxAttributes)
			_, taken := record.Attributes().Get(recordid.Attribute)
			require.False(t, taken)
			require.False(t, record.Timestamp().AsTime().After(readAt.Add(ahead)))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, line := range map[string]string{
		"json":     `{"time":"2026-11-30T10:00:00.123456789Z","level":"info","msg":"request served","method":"GET","path":"/api/items","status":200,"took":0.0123,"user":"alice"}`,
		"logfmt":   `ts=2026-11-30T10:00:00.123Z level=info msg="request served" method=GET path=/api/items status=200 took=0.0123`,
		"combined": `192.0.2.7 - - [30/Nov/2026:10:00:00 +0000] "GET /index.html?q=1 HTTP/1.1" 200 1234 "https://example.org/" "Mozilla/5.0 (X11)"`,
		"plain":    `2026-11-30 10:00:00,123 ERROR [http-nio-1] c.e.App - something has happened here that is worth a line`,
	} {
		b.Run(name, func(b *testing.B) {
			p := parser(b, Config{Format: Auto})
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				parse(p, line)
			}
		})
	}
}
