package ingestreceiver

import (
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	// firstMilliseconds is the number from which a Unix time counts milliseconds: as seconds it
	// is the year 5138, as milliseconds 1973.
	firstMilliseconds = 100_000_000_000
	// firstMicroseconds is where nobody can mean milliseconds any more: the year 5138.
	firstMicroseconds = 100_000_000_000_000
)

// timeForms ends every message about a time.
const timeForms = "send RFC 3339 with a zone such as 2026-11-24T01:02:03.004Z, or Unix seconds or milliseconds"

// time reads a time: RFC 3339, Unix seconds or Unix milliseconds, the last two also in a string.
// Null is the zero time.
func (r *jsonReader) time(field string) (time.Time, error) {
	if r.decoder.PeekKind() == '0' {
		raw, err := r.decoder.ReadValue()
		if err != nil {
			return time.Time{}, err
		}
		return unixTime(field, string(raw))
	}
	raw, err := r.scalar(field, '"', "a string or a number")
	if err != nil || raw == nil {
		return time.Time{}, err
	}
	return parseTime(field, string(r.unquote(raw)))
}

func parseTime(field, text string) (time.Time, error) {
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err == nil {
		return notBefore1970(field, text, parsed)
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return unixTime(field, text)
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if _, err := time.Parse(layout, text); err == nil {
			return time.Time{}, &itemError{field, reasonTime, strconv.Quote(shorten(text)) + " has no time zone; append Z or an offset such as +01:00"}
		}
	}
	return time.Time{}, &itemError{field, reasonTime, strconv.Quote(shorten(text)) + " is not a time; " + timeForms}
}

// unixTime reads seconds, with a fraction of up to nine digits, or milliseconds.
func unixTime(field, text string) (time.Time, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(value) || math.Abs(value) >= firstMicroseconds {
		return time.Time{}, &itemError{field, reasonTime, shorten(text) + " is neither seconds nor milliseconds of Unix time; " + timeForms}
	}
	whole, fraction := math.Modf(value)
	if digits, rest, _ := strings.Cut(text, "."); rest != "" {
		// Exactly what was written: a float has not enough digits for nanoseconds of today.
		exact, err1 := strconv.ParseInt(digits, 10, 64)
		part, err2 := strconv.ParseUint(rest, 10, 64)
		if err1 == nil && err2 == nil {
			whole, fraction = float64(exact), float64(part)/math.Pow10(len(rest))
		}
	}
	unit, parsed := time.Second, time.Unix(int64(whole), 0)
	if math.Abs(value) >= firstMilliseconds {
		unit, parsed = time.Millisecond, time.UnixMilli(int64(whole))
	}
	return notBefore1970(field, text, parsed.Add(time.Duration(math.Round(fraction*float64(unit)))).UTC())
}

func notBefore1970(field, text string, parsed time.Time) (time.Time, error) {
	if parsed.Unix() <= 0 || parsed.Year() >= 2262 {
		return time.Time{}, &itemError{field, reasonTime, strconv.Quote(shorten(text)) + " is outside the years 1970 to 2261; " + timeForms}
	}
	return parsed, nil
}
