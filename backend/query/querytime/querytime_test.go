package querytime

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func TestParse(t *testing.T) {
	tests := map[string]string{
		"now":                            "2026-01-02T03:04:05Z",
		"now-15m":                        "2026-01-02T02:49:05Z",
		"now+1h30m":                      "2026-01-02T04:34:05Z",
		"now-7d":                         "2025-12-26T03:04:05Z",
		"2026-01-02T03:04:05Z":           "2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05.123456789Z": "2026-01-02T03:04:05.123456789Z",
		"2026-01-02T03:04:05+02:00":      "2026-01-02T01:04:05Z",
		"1767323045":                     "2026-01-02T03:04:05Z",
		"1767323045.25":                  "2026-01-02T03:04:05.25Z",
		"1767323045250":                  "2026-01-02T03:04:05.25Z",
		"0":                              "1970-01-01T00:00:00Z",
		"-1.5":                           "1969-12-31T23:59:58.5Z",
	}
	for text, want := range tests {
		got, err := Parse("from", text, now())
		require.NoError(t, err, text)
		assert.Equal(t, want, got.Format(time.RFC3339Nano), text)
	}
}

func TestParseErrors(t *testing.T) {
	tests := map[string]string{
		"":                               "is not a time",
		"yesterday":                      "is not a time",
		"nowish":                         "is not a time",
		"now-":                           "has a bad offset",
		"now-15":                         "has a bad offset",
		"now - 15m":                      "is not a time",
		"2026-01-02T03:04:05":            "has no time zone",
		"2026-01-02 03:04:05.5":          "has no time zone",
		"2026-01-02T03:04":               "has no time zone",
		"2026-01-02":                     "has no time zone",
		"2026-13-02T03:04:05Z":           "is not a time",
		"9999-01-02T03:04:05Z":           "outside the years",
		"NaN":                            "not a finite number",
		"Inf":                            "not a finite number",
		"1767323045000000000":            "too large for Unix milliseconds",
		"99999999999":                    "outside the years",
		"2026-01-02T03:04:05Z and later": "is not a time",
	}
	for text, want := range tests {
		_, err := Parse("from", text, now())
		require.ErrorContains(t, err, want, text)
		var coded *errcode.Error
		require.ErrorAs(t, err, &coded)
		assert.Equal(t, errcode.Invalid, coded.Code)
		assert.Equal(t, "from", coded.Field)
		assert.NotEmpty(t, coded.Fix)
	}
}

func TestParseSpan(t *testing.T) {
	from, to, err := ParseSpan("", "", now())
	require.NoError(t, err)
	assert.Equal(t, now(), to)
	assert.Equal(t, now().Add(-time.Hour), from)
	from, _, err = ParseSpan("", "now-1d", now())
	require.NoError(t, err)
	assert.Equal(t, now().Add(-25*time.Hour), from)
	for _, bad := range [][2]string{{"now", "now"}, {"now", "now-1s"}, {"x", ""}, {"", "x"}} {
		_, _, err := ParseSpan(bad[0], bad[1], now())
		assert.Error(t, err, bad)
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15": 15 * time.Second, "0.5": 500 * time.Millisecond, "1h30m": 90 * time.Minute, "1d": 24 * time.Hour, "-1": -time.Second,
	} {
		got, err := ParseDuration("step", text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "x", "5 m", "NaN", "1e300", "1.5h"} {
		_, err := ParseDuration("step", text)
		assert.ErrorContains(t, err, "step: is not a duration", text)
	}
}

func TestStep(t *testing.T) {
	for length, want := range map[time.Duration]time.Duration{
		time.Millisecond:     time.Second,
		5 * time.Minute:      time.Second,
		time.Hour:            15 * time.Second,
		24 * time.Hour:       5 * time.Minute,
		7 * 24 * time.Hour:   time.Hour,
		365 * 24 * time.Hour: 2 * 24 * time.Hour,
	} {
		assert.Equal(t, want, Step(length, 300), length)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"now-15m", "2026-01-02T03:04:05Z", "1767323045.5", "1e11", "-0", "now+9999999999w", "99999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse("from", text, now())
		if err != nil {
			assert.Equal(t, errcode.Invalid, errcode.Of(err))
			return
		}
		assert.True(t, time.Unix(0, got.UnixNano()).Equal(got), "%q gives %s, which does not survive as nanoseconds", text, got)
		again, err := Parse("from", got.Format(time.RFC3339Nano), now())
		require.NoError(t, err)
		assert.True(t, again.Equal(got))
		duration, err := ParseDuration("step", text)
		assert.True(t, err != nil || math.Abs(float64(duration)) <= math.MaxInt64)
	})
}
