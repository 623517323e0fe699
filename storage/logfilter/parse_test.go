package logfilter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestParse(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"  ", ""},
		{"*", "*"},
		{"refused", "refused"},
		{`"connection refused"`, `"connection refused"`},
		{"foo.bar-baz", `"foo bar baz"`},
		{"level:error service:checkout", "level:error service:checkout"},
		{`level:error service:checkout "connection refused" -path:/health latency:>500`, `level:error service:checkout "connection refused" -path:health latency:>500`},
		{"a AND b and c", "a b c"},
		{"a b or c", "a b OR c"},
		{"(a or b) c", "(a OR b) c"},
		{"(a (b c))", "a b c"},
		{"a or (b or c)", "a OR b OR c"},
		{"not a", "-a"},
		{"!a", "-a"},
		{"- a", "-a"},
		{"--a", "a"},
		{"-(a b)", "-(a b)"},
		{"NOT (a or b)", "-(a OR b)"},
		{"field:!x", "-field:x"},
		{"level:(error or warn)", "level:error OR level:warn"},
		{"level:(!error)", "-level:error"},
		{"k8s.pod-name:x", "k8s.pod-name:x"},
		{`"a b":x`, `"a b":x`},
		{"labels.env:=prod", "labels.env:=prod"},
		{`path:="/a b"`, `path:="/a b"`},
		{`path:=/a:b=c`, `path:="/a:b=c"`},
		{`path:=""`, "-path:*"},
		{`path:""`, "-path:*"},
		{`-path:""`, "path:*"},
		{"path:*", "path:*"},
		{"conn*", "conn*"},
		{`path:"connection ref"*`, `path:"connection ref"*`},
		{"path:/health/*", "path:health"},
		{"i(Error)", "i(error)"},
		{`path:i("Some Words"*)`, `path:i("some words"*)`},
		{"level:in(warn, error,warn)", "level:in(error, warn)"},
		{`x:in("")`, "-x:*"},
		{`x:in(a, "")`, "-x:* OR x:=a"},
		{`path:~"^/a.*b$"`, `path:~"^/a.*b$"`},
		{"path:~a.b", `path:~"a.b"`},
		{"latency:>=1.50", "latency:>=1.5"},
		{"latency:<-3", "latency:<-3"},
		{"latency:range(1, 10]", "latency:range(1, 10]"},
		{"latency:range[1,10)", "latency:range[1, 10)"},
		{"time:>=2026-01-02T03:04:05Z", `time:>="2026-01-02T03:04:05Z"`},
		{"time:<2026-01-02T03:04:05+02:00", `time:<="2026-01-02T01:04:04.999999999Z"`},
		{"id:abc-1", `id:="abc-1"`},
		{"or_else", "or_else"},
		{`"or"`, `"or"`},
		{"'it\\'s \"so\"'", `"it s so"`},
		{"`a b`", `"a b"`},
		{"日本語 łódź*", "日本語 łódź*"},
		{"http://x", "http:x"},
		{"in range i", "in range i"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			filter, err := Parse(tt.text)
			require.NoError(t, err)
			assert.Equal(t, tt.want, filter.String())
			again, err := Parse(filter.String())
			require.NoError(t, err)
			assert.True(t, Equal(filter, again), "%s is not %s", filter, again)
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"a b)", `unexpected ')' (at position 4)`},
		{"(a b", "not closed (at position 1)"},
		{"a or", "a condition is missing (at position 5)"},
		{"-", "a condition is missing (at position 2)"},
		{"level:", "ends too early (at position 7)"},
		{":x", "without a field before it (at position 1)"},
		{"é:-x", "has a - after the colon (at position 3)"},
		{`"abc`, "quote that is not closed"},
		{`x:"\q"`, "wrong escape"},
		{"x:///", "without a word in it (at position 3)"},
		{"x:a*b", "has a * inside a text (at position 4)"},
		{"*a", "has a * before a text"},
		{"x:=a*", "has a * inside a text"},
		{"x:>abc", "not a number"},
		{"x:>1e5", "not a number"},
		{"x:>", "ends too early"},
		{`x:>""`, "compares with nothing"},
		{"x:range(1)", "without two ends"},
		{"x:range(1,2", "not closed"},
		{`x:range("",2)`, "without two ends"},
		{"x:in(a b)", "list that is not closed"},
		{"x:i(a", "not closed"},
		{`x:~"("`, "wrong regular expression"},
		{"a | limit 5", "has a pipe"},
		{"level:(service:x)", "inside level:(...)"},
		{"time:yesterday", "condition on time"},
		{"time:>yesterday", "condition on time"},
		{`time:""`, "condition on time"},
		{"time:>=9999-01-02T03:04:05Z", "condition on time"},
		{"id:abc*", "condition on id"},
		{"id:>5", "condition on id"},
		{"a\xff", "not valid UTF-8"},
		{string(make([]byte, maxLength+1)), "bytes long"},
		{deep(maxDepth + 1), "nested too deeply"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			_, err := Parse(tt.text)
			require.ErrorContains(t, err, tt.want)
			var coded *errcode.Error
			require.ErrorAs(t, err, &coded)
			assert.Equal(t, errcode.Invalid, coded.Code)
			assert.Equal(t, "query", coded.Field)
			assert.NotEmpty(t, coded.Fix)
		})
	}
}

func deep(levels int) string {
	text := "a"
	for range levels {
		text = "(" + text + ")"
	}
	return text
}

func TestConstructors(t *testing.T) {
	parsed, err := Parse("a or b")
	require.NoError(t, err)
	assert.Equal(t, "service:=checkout (a OR b)", And(FieldEquals("service", "checkout"), nil, &Filter{}, parsed).String())
	assert.Empty(t, And().String())
	assert.True(t, And(nil).MatchesAll())
	assert.Equal(t, "-level:*", FieldEquals("level", "").String())
	assert.Equal(t, `time:="2026-01-02T03:04:05Z"`, FieldEquals("time", "2026-01-02T03:04:05Z").String())
	assert.False(t, Match(FieldEquals("time", "x"), nil))
}

// FuzzParse holds that no text panics, and that String gives text that reads as the same filter.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "*", `level:error "a b" -path:/health latency:>500`, "x:in(a, \"b\") or i(Foo*)", "x:range[1, 2)", `x:~"a.*"`,
		"time:>=2026-01-02T03:04:05Z", "a:(b or c:d)", "'it''s'", "not not a", "k.l-m:x", "x:i(İ)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := Parse(text)
		if err != nil {
			require.Equal(t, errcode.Invalid, errcode.Of(err))
			return
		}
		again, err := Parse(filter.String())
		require.NoError(t, err, "%q became %q", text, filter.String())
		require.True(t, Equal(filter, again), "%q became %q became %q", text, filter, again)
		Match(filter, []Field{{FieldMessage, text}})
	})
}
