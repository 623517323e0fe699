package ingestreceiver

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/storage/logrecord"
)

// idSource knows where the batch id of log records comes from: the client's Idempotency-Key, a
// hash of the body, or chance.
type idSource struct {
	org   string
	batch string // empty until it is known
}

// newIDSource takes the organisation, which every id depends on, and the client's key, which may
// be empty.
func newIDSource(org, key string) idSource {
	ids := idSource{org: org}
	if key != "" {
		ids.batch = digest("key", org, []byte(key))
	}
	return ids
}

// wantsBody says whether the batch id is the hash of the body. A body without times is not: the
// same lines sent twice are two events, and nothing tells them from a retry.
func (s *idSource) wantsBody(logs plog.Logs) bool {
	if s.batch != "" {
		return false
	}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if record.Timestamp() == 0 && record.ObservedTimestamp() == 0 {
					return false
				}
			}
		}
	}
	return true
}

func (s *idSource) hashBody(body []byte) { s.batch = digest("body", s.org, body) }

// batchID returns the id, by chance where nothing else has decided it.
func (s *idSource) batchID() string {
	if s.batch == "" {
		random := uuid.New()
		if ordered, err := uuid.NewV7(); err == nil {
			random = ordered
		}
		s.batch = encodeID(random[:])
	}
	return s.batch
}

// digest is 128 bits of SHA-256 over the kind, the organisation and the content.
func digest(kind, org string, content []byte) string {
	hash := sha256.New()
	// Hash.Write never returns an error.
	_, _ = hash.Write([]byte(kind + "\x00" + org + "\x00"))
	_, _ = hash.Write(content)
	var sum [sha256.Size]byte
	return encodeID(hash.Sum(sum[:0])[:16])
}

func encodeID(id []byte) string {
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id)
}

// stampLogs gives every record without an id its own, and every record without a time the time of
// receipt as the observed one. The ordinal is the record's place in the batch, also when others
// bring their ids.
func stampLogs(logs plog.Logs, now time.Time, ids idSource) {
	var stamp idStamp
	ordinal := 0
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if record.Timestamp() == 0 && record.ObservedTimestamp() == 0 {
					record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
				}
				attributes := record.Attributes()
				if id, ok := attributes.Get(logrecord.IDAttribute); !ok || id.Type() != pcommon.ValueTypeStr || id.Str() == "" {
					if stamp.prefix == nil {
						stamp.prefix = append([]byte(ids.batchID()), '-')
					}
					attributes.PutStr(logrecord.IDAttribute, stamp.id(ordinal))
				}
				ordinal++
			}
		}
	}
}

// idStamp makes the ids of a batch, many to an allocation.
type idStamp struct {
	prefix []byte
	chunk  string // ids from first on, each of width bytes
	first  int
	width  int
}

// idsPerChunk bounds what one surviving id keeps alive.
const idsPerChunk = 64

// id returns the id with an ordinal; ordinals come in ascending order.
func (s *idStamp) id(ordinal int) string {
	width := len(s.prefix) + 1
	for rest := ordinal; rest >= 10; rest /= 10 {
		width++
	}
	at := (ordinal - s.first) * s.width
	if s.width != width || at+width > len(s.chunk) {
		buf := make([]byte, 0, idsPerChunk*width)
		for next := range idsPerChunk {
			buf = strconv.AppendInt(append(buf, s.prefix...), int64(ordinal+next), 10)
		}
		s.chunk, s.first, s.width, at = string(buf), ordinal, width, 0
	}
	return s.chunk[at : at+width]
}
