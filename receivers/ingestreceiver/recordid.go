package ingestreceiver

import (
	"crypto/sha256"
	"encoding/base32"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/recordid"
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
// receipt as the observed one.
func stampLogs(logs plog.Logs, now time.Time, ids idSource) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if record.Timestamp() == 0 && record.ObservedTimestamp() == 0 {
					record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
				}
			}
		}
	}
	recordid.Identify(logs, ids.batchID)
}
