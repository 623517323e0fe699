// Package querytime reads the times and durations of the query API.
//
// A time is RFC 3339 with a zone, Unix seconds or milliseconds, `now`, or `now` plus or minus
// a duration such as now-15m. A time without a zone is refused: nobody could say which was meant.
package querytime

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const timeFix = "use RFC 3339 with a zone (2026-01-02T15:04:05Z), Unix seconds or milliseconds, or now-15m"

// millisecondsFrom is where a number starts to mean milliseconds: as seconds it would be the
// year 5138, as milliseconds it is 1973.
const millisecondsFrom = 1e11

// Parse reads a time. The field is named in the error.
func Parse(field, text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "now"); ok {
		return relative(field, rest, now)
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		return fromNumber(field, number)
	}
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err == nil {
		return inRange(field, parsed.UTC())
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if _, err := time.Parse(layout, text); err == nil {
			return time.Time{}, errcode.InvalidField(field, "has no time zone", "add Z for UTC or an offset such as +02:00 to a full RFC 3339 time")
		}
	}
	return time.Time{}, errcode.InvalidField(field, "is not a time: "+strconv.Quote(text), timeFix)
}

// ParseOr reads a time, or returns fallback when the text is empty.
func ParseOr(field, text string, now, fallback time.Time) (time.Time, error) {
	if strings.TrimSpace(text) == "" {
		return fallback, nil
	}
	return Parse(field, text, now)
}

func relative(field, rest string, now time.Time) (time.Time, error) {
	if rest == "" {
		return now, nil
	}
	sign := time.Duration(1)
	switch rest[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return time.Time{}, errcode.InvalidField(field, "is not a time: "+strconv.Quote("now"+rest), timeFix)
	}
	offset, err := model.ParseDuration(rest[1:])
	if err != nil {
		return time.Time{}, errcode.InvalidField(field, "has a bad offset: "+err.Error(), "use now-15m, now-1h30m or now-7d")
	}
	return inRange(field, now.Add(sign*time.Duration(offset)))
}

func fromNumber(field string, number float64) (time.Time, error) {
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return time.Time{}, errcode.InvalidField(field, "is not a finite number", timeFix)
	}
	if math.Abs(number) >= millisecondsFrom {
		number /= 1000
	}
	if math.Abs(number) >= millisecondsFrom {
		return time.Time{}, errcode.InvalidField(field, "is too large for Unix milliseconds", "divide nanoseconds by 1000000")
	}
	seconds, fraction := math.Modf(number)
	milliseconds := math.Round(fraction * 1000)
	return inRange(field, time.Unix(int64(seconds), int64(milliseconds)*int64(time.Millisecond)).UTC())
}

// inRange refuses times that do not survive being Unix nanoseconds: years 1678 to 2262.
func inRange(field string, t time.Time) (time.Time, error) {
	if t.Before(time.Unix(0, math.MinInt64)) || t.After(time.Unix(0, math.MaxInt64)) {
		return time.Time{}, errcode.InvalidField(field, "is outside the years 1678 to 2262", timeFix)
	}
	return t, nil
}

// ParseSpan reads the two ends of a time range: now-1h to now when they are empty.
func ParseSpan(from, to string, now time.Time) (time.Time, time.Time, error) {
	end, err := ParseOr("to", to, now, now)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	start, err := ParseOr("from", from, now, end.Add(-time.Hour))
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	if !start.Before(end) {
		return time.Time{}, time.Time{}, errcode.InvalidField("to", "is not after from", "swap the two, or widen the range")
	}
	return start, end, nil
}

// ParseDuration reads a duration: a number of seconds, or 15s, 1h30m, 7d.
func ParseDuration(field, text string) (time.Duration, error) {
	duration, err := parseDuration(strings.TrimSpace(text))
	if err != nil {
		return 0, errcode.InvalidField(field, "is not a duration: "+strconv.Quote(text), "use seconds, or a duration such as 15s, 5m or 1d")
	}
	return duration, nil
}

func parseDuration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		nanoseconds := seconds * float64(time.Second)
		if !(math.Abs(nanoseconds) < math.MaxInt64) {
			return 0, errors.New("overflows")
		}
		return time.Duration(nanoseconds), nil
	}
	duration, err := model.ParseDuration(text)
	return time.Duration(duration), err
}

// day is the longest of the round steps; longer ones are whole days.
const day = 24 * time.Hour

// Step returns a round step that cuts a length of time into at most the given number of points.
func Step(length time.Duration, points int) time.Duration {
	wanted := length / time.Duration(points)
	for _, step := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day,
	} {
		if step >= wanted {
			return step
		}
	}
	return (wanted + day - 1).Truncate(day)
}
