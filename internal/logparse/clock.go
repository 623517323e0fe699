package logparse

import (
	"math"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// ahead is how far a time may lie in the future before it is nonsense; servers refuse more.
const ahead = 10 * time.Minute

// setTime sets the record's time; one that makes no sense is left to the time of reading.
func (p *Parser) setTime(at time.Time, record plog.LogRecord) {
	if at.Year() >= 1990 && at.Before(p.now.Add(ahead)) {
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
	}
}

// setTimeText sets the record's time to one in a form of its own.
func (p *Parser) setTimeText(text string, record plog.LogRecord) {
	if p.layout != "" {
		if at, err := time.ParseInLocation(p.layout, text, p.local); err == nil {
			if at.Year() == 0 {
				at = p.nearestYear(at)
			}
			p.setTime(at, record)
		}
		return
	}
	if at, rest, ok := p.leadingTime(text); ok && strings.TrimSpace(rest) == "" {
		p.setTime(at, record)
		return
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		p.setTime(unixTime(number), record)
		return
	}
	for _, layout := range []string{time.RFC1123Z, time.RFC1123, time.RFC850, time.ANSIC, time.UnixDate, time.RubyDate, accessTime} {
		if at, err := time.ParseInLocation(layout, text, p.local); err == nil {
			p.setTime(at, record)
			return
		}
	}
}

// unixTime takes seconds, milli-, micro- or nanoseconds, by their size.
func unixTime(number float64) time.Time {
	for _, unit := range []float64{1, 1e3, 1e6, 1e9} {
		if number > 0 && number < 1e10*unit {
			seconds := math.Floor(number / unit)
			return time.Unix(int64(seconds), int64(math.Round((number-seconds*unit)*1e9/unit)))
		}
	}
	return time.Time{}
}

// leadingTime reads a time at the beginning of a text: 2006-01-02T15:04:05.000Z with T or a space,
// a point or a comma, with or without a zone, 2006/01/02 15:04:05, or Jan _2 15:04:05.
func (p *Parser) leadingTime(text string) (at time.Time, rest string, ok bool) {
	if monthName(text) != 0 {
		return p.stampTime(text)
	}
	if len(text) < len("2006-01-02 15:04:05") || text[4] != '-' && text[4] != '/' || text[7] != text[4] || text[10] != 'T' && text[10] != ' ' || text[13] != ':' || text[16] != ':' {
		return time.Time{}, text, false
	}
	year, ok1 := number(text[0:4])
	month, ok2 := number(text[5:7])
	day, ok3 := number(text[8:10])
	clock, ok4 := clockOf(text[11:19])
	if !ok1 || !ok2 || !ok3 || !ok4 || month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}, text, false
	}
	rest = text[19:]
	nanos := 0
	if len(rest) > 1 && (rest[0] == '.' || rest[0] == ',') && digit(rest[1]) {
		nanos, rest = fraction(rest[1:])
	}
	zone, rest := p.zone(rest)
	return time.Date(year, time.Month(month), day, clock[0], clock[1], clock[2], nanos, zone), rest, true
}

// stampTime reads the time of RFC 3164, which has no year; the year before the time, of Cisco,
// and after it are taken.
func (p *Parser) stampTime(text string) (at time.Time, rest string, ok bool) {
	if len(text) < len(time.Stamp) || text[3] != ' ' || text[6] != ' ' {
		return time.Time{}, text, false
	}
	day, ok1 := number(strings.TrimLeft(text[4:6], " "))
	clock, ok2 := clockOf(text[7:15])
	if !ok1 || !ok2 || day < 1 || day > 31 {
		return time.Time{}, text, false
	}
	rest = text[15:]
	nanos := 0
	if len(rest) > 1 && rest[0] == '.' && digit(rest[1]) {
		nanos, rest = fraction(rest[1:])
	}
	return p.nearestYear(time.Date(0, monthName(text), day, clock[0], clock[1], clock[2], nanos, p.local)), rest, true
}

// nearestYear gives a time without a year the one that makes it lie in the past, or hardly ahead.
func (p *Parser) nearestYear(at time.Time) time.Time {
	year := p.now.In(p.local).Year()
	at = time.Date(year, at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), p.local)
	switch {
	case at.After(p.now.AddDate(0, 0, 2)):
		return at.AddDate(-1, 0, 0)
	case at.Before(p.now.AddDate(0, 0, -363)):
		return at.AddDate(1, 0, 0) // written at the end of December, on a clock that is ahead
	}
	return at
}

// zone reads Z, UTC, +01:00, +0100 or +01, also after a space.
func (p *Parser) zone(text string) (*time.Location, string) {
	trimmed := strings.TrimPrefix(text, " ")
	switch {
	case strings.HasPrefix(text, "Z"):
		return time.UTC, text[1:]
	case strings.HasPrefix(trimmed, "UTC"), strings.HasPrefix(trimmed, "GMT"):
		return time.UTC, trimmed[3:]
	case len(trimmed) < 3 || trimmed[0] != '+' && trimmed[0] != '-':
		return p.local, text
	}
	hours, ok := number(trimmed[1:3])
	if !ok || hours > 15 {
		return p.local, text
	}
	rest, minutes := trimmed[3:], 0
	digits := strings.TrimPrefix(rest, ":")
	if len(digits) >= 2 {
		if value, ok := number(digits[:2]); ok && value < 60 {
			minutes, rest = value, digits[2:]
		}
	}
	seconds := (hours*60 + minutes) * 60
	if trimmed[0] == '-' {
		seconds = -seconds
	}
	if seconds == 0 {
		return time.UTC, rest
	}
	return time.FixedZone("", seconds), rest
}

func clockOf(text string) (clock [3]int, ok bool) {
	if text[2] != ':' || text[5] != ':' {
		return clock, false
	}
	for i, limit := range [3]int{23, 59, 60} {
		if clock[i], ok = number(text[3*i : 3*i+2]); !ok || clock[i] > limit {
			return clock, false
		}
	}
	return clock, true
}

// fraction reads the digits of a fraction of a second.
func fraction(text string) (nanos int, rest string) {
	scale := 100_000_000
	for i := range len(text) {
		if !digit(text[i]) {
			return nanos, text[i:]
		}
		nanos += int(text[i]-'0') * scale
		scale /= 10
	}
	return nanos, ""
}

// number reads a few digits.
func number(text string) (int, bool) {
	value := 0
	for i := range len(text) {
		if !digit(text[i]) {
			return 0, false
		}
		value = value*10 + int(text[i]-'0')
	}
	return value, text != ""
}

// monthName returns the month that a text begins with, followed by a space, and 0 without.
func monthName(text string) time.Month {
	if len(text) < 4 || text[3] != ' ' {
		return 0
	}
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if at := strings.Index(names, text[:3]); at >= 0 && at%3 == 0 {
		return time.Month(at/3 + 1)
	}
	return 0
}
