package filereceiver

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/recordid"
)

const scopeName = "github.com/pharos-obs/pharos/receivers/filereceiver"

// batch is what is handed over at once.
type batch struct {
	logs    plog.Logs
	intent  intent
	id      string
	now     time.Time
	ordinal int
	bytes   int64
	cut     int
	from    uint64 // file of the last record
	target  plog.LogRecordSlice
	targets map[string]plog.LogRecordSlice // by service and pod
}

func (r *files) newBatch(number uint64) *batch {
	return &batch{
		logs: plog.NewLogs(), intent: intent{Batch: number}, id: r.journal.batchID(number), now: time.Now(),
		targets: map[string]plog.LogRecordSlice{},
	}
}

// add makes a record of some bytes.
func (r *files) add(b *batch, from *known, found piece) {
	if len(found.record) == 0 {
		return
	}
	if b.from != from.ID {
		b.from, b.target = from.ID, r.target(b, from)
	}
	record := b.target.AppendEmpty()
	record.Attributes().EnsureCapacity(8)
	// Lines without a time of their own were read one after the other, and are shown so.
	read := b.now.Add(time.Duration(b.ordinal))
	r.parser.Parse(strings.ToValidUTF8(strings.TrimPrefix(string(found.record), "\uFEFF"), "\uFFFD"), read, record)
	attributes := record.Attributes()
	attributes.PutStr("log.file.path", from.Origin)
	attributes.PutStr("log.file.name", filepath.Base(from.Origin))
	attributes.PutStr(recordid.Attribute, b.id+"-"+strconv.Itoa(b.ordinal))
	b.ordinal++
	if found.cut {
		b.cut++
	}
}

// target returns the records of a service.
func (r *files) target(b *batch, from *known) plog.LogRecordSlice {
	service, place := r.cfg.Service, podOf(from.Origin)
	if service == "" {
		service = from.service()
		if place.container != "" {
			service = place.container
		}
	}
	key := service + "\x00" + place.uid
	if target, ok := b.targets[key]; ok {
		return target
	}
	resource := b.logs.ResourceLogs().AppendEmpty()
	r.resource.CopyTo(resource.Resource())
	resource.Resource().Attributes().PutStr("service.name", service)
	place.describe(resource.Resource().Attributes())
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName(scopeName)
	b.targets[key] = scope.LogRecords()
	return scope.LogRecords()
}
