package grafana

import "strings"

// units returns Grafana's units in Perses' words.
func units() map[string]string {
	return map[string]string{
		"short": "decimal", "none": "decimal", "locale": "decimal", "": "",
		"percent": "percent", "percentunit": "percent-decimal",
		"bytes": "bytes", "decbytes": "decbytes", "bits": "bits", "decbits": "bits",
		"Bps": "bytes/sec", "binBps": "bytes/sec", "bps": "bits/sec", "binbps": "bits/sec",
		"ns": "nanoseconds", "µs": "microseconds", "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days",
		"dtdurations": "seconds", "dtdurationms": "milliseconds", "clocks": "seconds", "clockms": "milliseconds", "timeticks": "seconds",
		"ops": "ops/sec", "cps": "counts/sec", "reqps": "requests/sec", "rps": "reads/sec", "wps": "writes/sec", "iops": "ops/sec",
		"pps": "packets/sec", "eps": "events/sec", "mps": "messages/sec", "recps": "records/sec", "rowsps": "rows/sec",
		"hertz": "hertz", "celsius": "celsius",
		"bool": "bool", "bool_yes_no": "bool", "bool_on_off": "bool",
	}
}

// unit returns a unit in Perses' words, and false for one that is not known.
func unit(name string) (string, bool) {
	if strings.HasPrefix(name, "dateTime") {
		return "timestamp", true
	}
	known, ok := units()[name]
	return known, ok
}

// calculation returns what Grafana makes of a series in Perses' words; its last value for what is
// not known.
func calculation(name string) string {
	switch name {
	case "mean", "avg":
		return "mean"
	case "min", "max", "sum", "first":
		return name
	case "total":
		return "sum"
	case "lastNotNull":
		return "last-number"
	case "firstNotNull":
		return "first-number"
	}
	return "last"
}
