package syslogreceiver

import (
	"net"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/logparse"
	"github.com/pharos-obs/pharos/internal/recordid"
)

const scopeName = "github.com/pharos-obs/pharos/receivers/syslogreceiver"

// batch gathers messages. It can be built again when it was not taken: under the same id.
type batch struct {
	parser   *logparse.Parser
	service  string
	resource pcommon.Resource // this host

	messages []message
	bytes    int
	cuts     int
	id       string
}

type message struct {
	text string
	from string // address of the sender, empty when it is this host
	at   time.Time
}

func (r *syslogReceiver) newBatch() (*batch, error) {
	parser, err := logparse.New(r.cfg.parsing())
	if err != nil {
		return nil, err
	}
	return &batch{parser: parser, service: r.cfg.Service, resource: r.resource}, nil
}

func (b *batch) add(content []byte, cut bool, from net.Addr) {
	text := strings.ToValidUTF8(strings.TrimRight(string(content), "\r\n\x00"), "\uFFFD")
	if text == "" {
		return
	}
	b.messages = append(b.messages, message{text, sender(from), time.Now()})
	b.bytes += len(text)
	if cut {
		b.cuts++
	}
}

func sender(from net.Addr) string {
	if from == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(from.String())
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return ""
	}
	return host
}

func (b *batch) empty() bool { return len(b.messages) == 0 }

func (b *batch) room() bool { return len(b.messages) < batchMessages && b.bytes < batchBytes }

func (b *batch) reset() { b.messages, b.bytes, b.cuts, b.id = b.messages[:0], 0, 0, "" }

// source is where a message comes from.
type source struct{ host, address, service string }

// build makes records, a resource for each host and program.
func (b *batch) build() plog.Logs {
	if b.id == "" {
		b.id = uuid.NewString()
	}
	logs := plog.NewLogs()
	targets := map[source]plog.LogRecordSlice{}
	for i := range b.messages {
		one := &b.messages[i]
		record := plog.NewLogRecord()
		b.parser.Parse(one.text, one.at, record)
		from := source{address: one.from, service: b.service}
		if host, ok := record.Attributes().Get("syslog.hostname"); ok {
			from.host = host.Str()
			record.Attributes().Remove("syslog.hostname")
		}
		if name, ok := record.Attributes().Get("syslog.appname"); ok && from.service == "" {
			from.service = name.Str()
		}
		if from.service == "" {
			from.service = "syslog"
		}
		target, ok := targets[from]
		if !ok {
			target = b.target(logs, from)
			targets[from] = target
		}
		record.MoveTo(target.AppendEmpty())
	}
	recordid.Identify(logs, func() string { return b.id })
	return logs
}

// target adds a resource: this host, or the one that the message names or comes from.
func (b *batch) target(logs plog.Logs, from source) plog.LogRecordSlice {
	resource := logs.ResourceLogs().AppendEmpty()
	attributes := resource.Resource().Attributes()
	own, _ := b.resource.Attributes().Get("host.name")
	name := from.host
	if name == "" {
		name = from.address
	}
	if name == "" || name == own.Str() || name == "localhost" {
		b.resource.CopyTo(resource.Resource())
	} else {
		attributes.PutStr("host.name", name)
		attributes.PutStr("service.instance.id", name)
	}
	attributes.PutStr("service.name", from.service)
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName(scopeName)
	return scope.LogRecords()
}
