package promapi

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// invalid words a bad parameter as Prometheus does.
func invalid(parameter string, err error) error {
	return errcode.InvalidField(parameter, err.Error(), "")
}

// timeParam reads a time: Unix seconds or RFC 3339. Empty gives the fallback.
func timeParam(r *http.Request, name string, fallback time.Time) (time.Time, error) {
	text := r.FormValue(name)
	if text == "" {
		return fallback, nil
	}
	parsed, err := parseTime(text)
	if err != nil {
		return time.Time{}, invalid(name, err)
	}
	return parsed, nil
}

func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return secondsToTime(seconds)
	}
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return openEnd(text)
	}
	return parsed, nil
}

// openEnd understands the boundary times that Prometheus' client library sends for "always",
// whose years have more than four digits; they mean an open end.
func openEnd(text string) (time.Time, error) {
	switch text {
	case "-292273086-05-16T16:47:06Z", "+292277025-08-18T07:12:54.999999999Z", "292277025-08-18T07:12:54.999999999Z":
		return time.Time{}, nil
	}
	return time.Time{}, errors.New("cannot parse " + strconv.Quote(text) + " to a valid timestamp")
}

func secondsToTime(seconds float64) (time.Time, error) {
	const limit = math.MaxInt64 / 1e9 // further times do not survive being nanoseconds
	if math.IsNaN(seconds) || math.Abs(seconds) > limit {
		return time.Time{}, errors.New("cannot parse a timestamp outside the years 1678 to 2262")
	}
	whole, fraction := math.Modf(seconds)
	milliseconds := math.Round(fraction * 1000)
	return time.Unix(int64(whole), int64(milliseconds)*int64(time.Millisecond)).UTC(), nil
}

func durationParam(r *http.Request, name string) (time.Duration, error) {
	text := r.FormValue(name)
	if text == "" {
		return 0, nil
	}
	duration, err := parseDuration(text)
	if err != nil {
		return 0, invalid(name, err)
	}
	return duration, nil
}

func parseDuration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		nanoseconds := seconds * float64(time.Second)
		if math.IsNaN(nanoseconds) || math.Abs(nanoseconds) >= math.MaxInt64 {
			return 0, errors.New("cannot parse " + strconv.Quote(text) + " to a valid duration. It overflows int64")
		}
		return time.Duration(nanoseconds), nil
	}
	if duration, err := model.ParseDuration(text); err == nil {
		return time.Duration(duration), nil
	}
	return 0, errors.New("cannot parse " + strconv.Quote(text) + " to a valid duration")
}

// limitParam reads a limit; 0 means none.
func limitParam(r *http.Request, name string) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return 0, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil {
		return 0, invalid(name, err)
	}
	if limit < 0 {
		return 0, invalid(name, errors.New("limit must be non-negative"))
	}
	return limit, nil
}

// queryOptions reads timeout and lookback_delta. The parameter stats is taken and ignored.
func queryOptions(r *http.Request) (query.Options, error) {
	timeout, err := durationParam(r, "timeout")
	if err != nil {
		return query.Options{}, err
	}
	lookback, err := durationParam(r, "lookback_delta")
	if err != nil {
		return query.Options{}, err
	}
	if timeout < 0 || lookback < 0 {
		return query.Options{}, invalid("timeout", errors.New("durations must not be negative"))
	}
	return query.Options{Timeout: timeout, LookbackDelta: lookback}, nil
}

// selection reads match[], start, end and limit.
func (a *API) selection(r *http.Request) (query.Selection, error) {
	var (
		out query.Selection
		err error
	)
	if out.Limit, err = limitParam(r, "limit"); err != nil {
		return out, err
	}
	if out.From, err = timeParam(r, "start", time.Time{}); err != nil {
		return out, err
	}
	if out.To, err = timeParam(r, "end", time.Time{}); err != nil {
		return out, err
	}
	out.Matchers, err = a.engine.ParseSelectors(r.Form["match[]"])
	return out, err
}
