package logfilter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	fields := []Field{
		{FieldTime, "2026-01-02T03:04:05.5Z"},
		{FieldService, "checkout"},
		{FieldLevel, "error"},
		{FieldMessage, "Connection refused: dial tcp 10.0.0.1:80, code=-5 (łódź_2)"},
		{FieldID, "batch-7"},
		{LabelsPrefix + "path", "/api/health"},
		{LabelsPrefix + "env", "prod"},
		{LabelsPrefix + "empty", ""},
		{JSONPrefix + "latency", "512.5"},
		{JSONPrefix + "env", "staging"},
		{JSONPrefix + "user.name", "Ann Lee"},
	}
	tests := []struct {
		text string
		want bool
	}{
		{"", true},
		{"*", true},
		{"refused", true},
		{"refuse", false},
		{"refuse*", true},
		{"fused", false},
		{"connection", false},
		{"i(CONNECTION)", true},
		{`"Connection refused"`, true},
		{`"Connection dial"`, false},
		{`"refused dial tcp"`, true},
		{`"refused: dial"`, true},
		{`"refused dial tc"`, false},
		{`"refused dial tc"*`, true},
		{`i("REFUSED di"*)`, true},
		{"5", true},
		{"łódź", false},
		{"łódź*", true},
		{"łódź_2", true},
		{"service:checkout", true},
		{"service:=check", false},
		{"path:health", true},
		{"path:=health", false},
		{"path:=/api/health", true},
		{"env:=prod", true},
		{"env:=staging", true},
		{"labels.env:=staging", false},
		{"json.env:=staging", true},
		{"-env:=prod", false},
		{"-env:=other", true},
		{"env:in(other, staging)", true},
		{`empty:""`, true},
		{"empty:*", false},
		{`env:""`, false},
		{`env:~"^st"`, true},
		{`absent:~".*"`, false},
		{"latency:>500", true},
		{"latency:>512.5", false},
		{"latency:>=512.5", true},
		{"latency:<512.5", false},
		{"latency:<=512.5", true},
		{"latency:range(512.5, 600]", false},
		{"latency:range[500, 512.5]", true},
		{"env:>0", false},
		{"-absent:>0", true},
		{"user.name:Lee", true},
		{"time:>2026-01-02T03:04:05Z", true},
		{"time:<=2026-01-02T03:04:05Z", false},
		{"time:=2026-01-02T03:04:05.5Z", true},
		{"id:batch-7", true},
		{"id:batch", false},
		{"level:error -refused", false},
		{"level:warn OR refused", true},
		{"labels.message:*", false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			filter, err := Parse(tt.text)
			require.NoError(t, err)
			assert.Equal(t, tt.want, Match(filter, fields))
		})
	}
}

func TestMatchNilFilter(t *testing.T) {
	assert.True(t, Match(nil, nil))
}

func TestParseNumber(t *testing.T) {
	for _, text := range []string{"0", "-1", "1.50", "007", "12345678901234567890"} {
		_, ok := ParseNumber(text)
		assert.True(t, ok, text)
	}
	for _, text := range []string{"", "-", "+1", "1.", ".5", "1e5", "0x1", "1_000", "5ms", "NaN", "1.2.3"} {
		_, ok := ParseNumber(text)
		assert.False(t, ok, text)
	}
}
