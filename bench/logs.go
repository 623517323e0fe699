package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

const (
	linesInBody = 1000
	logBodies   = 20
	lineBytes   = 256 // of the message and the trace id as text, on average
)

// otlpLogBodies returns templates with different lines.
func otlpLogBodies() ([]template, error) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // made-up data
	templates := make([]template, 0, logBodies)
	for range logBodies {
		logs := plog.NewLogs()
		for service := range 10 {
			r := logs.ResourceLogs().AppendEmpty()
			r.Resource().Attributes().PutStr("service.name", fmt.Sprintf("service-%d", service))
			r.Resource().Attributes().PutStr("service.instance.id", fmt.Sprintf("service-%d-%d", service, random.IntN(10)))
			records := r.ScopeLogs().AppendEmpty().LogRecords()
			for range linesInBody / 10 {
				addLine(records.AppendEmpty(), random)
			}
		}
		body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
		if err != nil {
			return nil, fmt.Errorf("encode logs: %w", err)
		}
		t := newTemplate(body)
		if err := t.check(linesInBody, 0, linesInBody); err != nil {
			return nil, err
		}
		templates = append(templates, t)
	}
	return templates, nil
}

func addLine(record plog.LogRecord, random *rand.Rand) {
	levels := []struct {
		name   string
		number plog.SeverityNumber
	}{
		{"INFO", plog.SeverityNumberInfo},
		{"INFO", plog.SeverityNumberInfo},
		{"INFO", plog.SeverityNumberInfo},
		{"WARN", plog.SeverityNumberWarn},
		{"ERROR", plog.SeverityNumberError},
	}
	level := levels[random.IntN(len(levels))]
	record.SetTimestamp(pcommon.Timestamp(timeMark))
	record.SetTraceID(traceMark())
	record.SetSeverityText(level.name)
	record.SetSeverityNumber(level.number)
	record.Body().SetStr(message(random))
	record.Attributes().PutStr("http.route", fmt.Sprintf("/api/v1/resource%d", random.IntN(20)))
}

// message is a line of about lineBytes with what lines have: words, ids, numbers and an address.
func message(random *rand.Rand) string {
	words := []string{
		"request", "handled", "user", "order", "payment", "cache", "miss", "connection", "timeout", "retry", "upstream",
		"database", "query", "slow", "refused", "accepted", "session", "token", "expired", "inventory", "updated",
	}
	line := fmt.Sprintf("id=%08x client=10.%d.%d.%d duration=%dms status=%d", random.Uint32(),
		random.IntN(4), random.IntN(256), random.IntN(256), random.IntN(2000), 200+100*random.IntN(4))
	for len(line) < lineBytes-56 {
		line += " " + words[random.IntN(len(words))]
	}
	return line
}

func otlpLogLoad(s *server, templates []template) load {
	return load{
		url: s.base + s.logs, key: s.key, items: linesInBody,
		headers: map[string]string{"Content-Type": protobufType},
		body: func(n int, buffer []byte) []byte {
			t := &templates[n%len(templates)]
			buffer = t.fill(buffer, time.Now(), time.Microsecond)
			t.setTraces(buffer)
			return buffer
		},
	}
}

func runOTLPLogs(ctx context.Context, o *options) (result, error) {
	templates, err := otlpLogBodies()
	if err != nil {
		return result{}, err
	}
	return measure(ctx, o, "", func(s *server) load { return otlpLogLoad(s, templates) })
}
