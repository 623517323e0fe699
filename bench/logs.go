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
	logServices = 10
	lineBytes   = 256 // of the message and the trace id as text, on average
)

// otlpLogBodies returns templates with different lines.
func otlpLogBodies() ([]template, error) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // made-up data
	templates := make([]template, 0, logBodies)
	for n := range logBodies {
		logs := plog.NewLogs()
		// As an SDK sends them: one program a request.
		r := logs.ResourceLogs().AppendEmpty()
		r.Resource().Attributes().PutStr("service.name", fmt.Sprintf("service-%d", n%logServices))
		r.Resource().Attributes().PutStr("service.instance.id", fmt.Sprintf("service-%d-%d", n%logServices, n/logServices))
		records := r.ScopeLogs().AppendEmpty().LogRecords()
		for range linesInBody {
			addLine(records.AppendEmpty(), random)
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

// message is a line of an access log of about lineBytes less a trace id: much in it is the same
// in every line, as in most logs.
func message(random *rand.Rand) string {
	methods := []string{"GET", "GET", "GET", "POST", "PUT", "DELETE"}
	outcomes := []string{"handled", "handled", "handled", "cache miss", "upstream timeout", "connection refused", "retry accepted"}
	return fmt.Sprintf("10.%d.%d.%d %s /api/v1/resource%d/%d HTTP/1.1 status=%d bytes=%d duration_ms=%d request %s "+
		"agent=\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\"",
		random.IntN(4), random.IntN(256), random.IntN(256), methods[random.IntN(len(methods))],
		random.IntN(20), random.IntN(100000), 200+100*random.IntN(4), random.IntN(20000), random.IntN(2000),
		outcomes[random.IntN(len(outcomes))])
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
