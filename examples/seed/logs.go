package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// journal takes the log lines of one instance.
type journal struct {
	records plog.LogRecordSlice
	at      time.Time // lines lie within the step that begins here
	random  *rand.Rand
}

// line is one log record.
type line struct {
	level  string
	text   string
	pairs  []string
	traced bool
	trace  [16]byte
	span   [8]byte
}

func (j journal) write(l line) {
	severity := map[string]plog.SeverityNumber{
		"INFO": plog.SeverityNumberInfo, "WARN": plog.SeverityNumberWarn, "ERROR": plog.SeverityNumberError,
	}
	record := j.records.AppendEmpty()
	at := pcommon.NewTimestampFromTime(j.at.Add(time.Duration(j.random.Int64N(int64(step)))))
	record.SetTimestamp(at)
	record.SetObservedTimestamp(at)
	record.SetSeverityText(l.level)
	record.SetSeverityNumber(severity[l.level])
	record.Body().SetStr(l.text)
	put(record.Attributes(), l.pairs)
	if l.traced {
		record.SetTraceID(l.trace)
		record.SetSpanID(l.span)
	}
}

// write adds what every program logs in the step that begins at.
func (s *shop) write(logs plog.Logs, at time.Time) {
	for n, program := range s.services {
		for i := range program.instances {
			instance := instanceName(program, i)
			r := logs.ResourceLogs().AppendEmpty()
			s.resource(r.Resource().Attributes(), program.name, program.version, instance, s.hostOf(n, i))
			j := journal{
				records: r.ScopeLogs().AppendEmpty().LogRecords(), at: at,
				random: source(s.seed, "logs "+instance, at),
			}
			s.writeAccess(j, program, instance, at)
			if program.name == "payments" {
				s.writeDatabase(j, at, i)
			}
		}
	}
}

// writeAccess logs some of the requests that went well, and all that failed.
func (s *shop) writeAccess(j journal, program service, instance string, at time.Time) {
	const every = 12 // requests for a line
	for _, r := range program.routes {
		taken, failed := s.load(instance, r, at)
		for range (taken - failed) / every {
			milliseconds := 1000 * (r.latency.median + s.trouble(at)*r.slower) * (0.6 + j.random.Float64())
			j.write(line{
				level: "INFO", text: fmt.Sprintf("%s %s 200 in %.0f ms", r.method, filled(r.path, j.random), milliseconds),
				pairs: []string{"http.route", r.path, "http.request.method", r.method, "duration_ms", fmt.Sprintf("%.1f", milliseconds)},
			})
		}
		for i := range int(failed) {
			l := failure(program.name, r, j.random)
			l.traced, l.trace, l.span = true, s.traceID(at, i), s.spanID(program.name, at, i)
			j.write(l)
		}
	}
}

// failure is what a program logs of a failed request. The words of the three services that an
// order goes through fit together.
func failure(program string, r route, random *rand.Rand) line {
	order := 100000 + random.IntN(900000)
	pairs := []string{"http.route", r.path, "http.request.method", r.method, "order_id", fmt.Sprint(order)}
	switch {
	case program == "payments":
		return line{
			level: "ERROR", text: fmt.Sprintf("charge for order %d failed: query timed out after 2000 ms: SELECT balance FROM ledger WHERE account_id = $1 FOR UPDATE", order),
			pairs: append(pairs, "db.system.name", "postgresql", "error.type", "timeout"),
		}
	case program == "checkout":
		return line{
			level: "ERROR", text: fmt.Sprintf("order %d not placed: payments answered 504 Gateway Timeout", order),
			pairs: append(pairs, "peer.service", "payments", "error.type", "504"),
		}
	case r.failures > 0:
		return line{
			level: "WARN", text: fmt.Sprintf("%s %s 502: checkout could not place order %d", r.method, r.path, order),
			pairs: append(pairs, "peer.service", "checkout", "error.type", "502"),
		}
	}
	return line{
		level: "WARN", text: fmt.Sprintf("%s %s %d: client closed the connection", r.method, filled(r.path, random), r.status),
		pairs: pairs[:4],
	}
}

// writeDatabase logs what tells the cause: a migration that locks the table.
func (s *shop) writeDatabase(j journal, at time.Time, instance int) {
	since := at.Sub(s.start) % incidentPeriod
	happens := func(moment time.Duration) bool { return instance == 0 && since <= moment && moment < since+step }
	switch {
	case happens(incidentBegin - 20*time.Second):
		j.write(line{level: "INFO", text: "migration 0042_ledger_index started: CREATE INDEX ledger_account_id ON ledger (account_id)"})
	case happens(incidentEnd - incidentRamp):
		j.write(line{level: "INFO", text: "migration 0042_ledger_index finished in 9m20s"})
	}
	if trouble := s.trouble(at); trouble > 0.5 {
		j.write(line{
			level: "WARN", text: fmt.Sprintf("connection pool exhausted: %d/%d in use, %d waiting", poolSize, poolSize, 20+j.random.IntN(25)),
			pairs: []string{"db.client.connection.pool.name", "payments"},
		})
	}
}

func filled(path string, random *rand.Rand) string {
	return strings.Replace(path, "{id}", fmt.Sprint(1000+random.IntN(9000)), 1)
}
