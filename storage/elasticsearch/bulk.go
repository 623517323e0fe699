package elasticsearch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/klauspost/compress/gzip"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// bulk is one bulk request: a line that says what to do, and a line with the document, for each
// record. Bulks are reused.
type bulk struct {
	org   storage.OrgID
	index string // of the first record, and of all whose line names none
	day   int64  // that the index is for, in days since 1970
	body  []byte
	items []bulkItem
}

// bulkItem is a record of a bulk request.
type bulkItem struct {
	id         string
	time       int64
	start, end int // of its two lines
}

func (b *bulk) reset(org storage.OrgID) {
	clear(b.items)
	*b = bulk{org: org, body: b.body[:0], items: b.items[:0]}
}

func (b *bulk) add(class *retentionClass, row *logrecord.Row, e *encoder) {
	start := len(b.body)
	number := row.Time / int64(day)
	if b.index == "" {
		b.index, b.day = class.index(row.Time), number
	}
	b.body = append(b.body, `{"create":{`...)
	if number != b.day {
		b.body = append(b.body, `"_index":"`...)
		b.body = append(b.body, class.index(row.Time)...)
		b.body = append(b.body, `",`...)
	}
	b.body = append(b.body, `"_id":`...)
	b.body = appendDocumentID(b.body, b.org, row.ID)
	b.body = append(b.body, "}}\n"...)
	b.body = e.document(b.body, b.org, row)
	b.body = append(b.body, '\n')
	b.items = append(b.items, bulkItem{row.ID, row.Time, start, len(b.body)})
}

// longestID is how many bytes a document id may have.
const longestID = 512

// documentID returns the id of a record's document: the organisation's id, a colon and the record's
// id, or a hash of it where that is too long.
func documentID(org storage.OrgID, id string) string {
	return string(org) + ":" + shortID(org, id)
}

func shortID(org storage.OrgID, id string) string {
	if len(org)+1+len(id) <= longestID {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// appendDocumentID appends it as JSON.
func appendDocumentID(dst []byte, org storage.OrgID, id string) []byte {
	dst = append(append(dst, '"'), org...) // checkOrg leaves nothing to escape
	dst = append(dst, ':')
	return append(appendEscaped(dst, shortID(org, id)), '"')
}

// keep leaves only some of the records in the request.
func (b *bulk) keep(positions []int) {
	body := make([]byte, 0, len(b.body))
	items := make([]bulkItem, 0, len(positions))
	for _, at := range positions {
		item := b.items[at]
		start := len(body)
		body = append(body, b.body[item.start:item.end]...)
		item.start, item.end = start, len(body)
		items = append(items, item)
	}
	b.body, b.items = body, items
}

// firstRetry and longestRetry are the pauses between attempts of a bulk request.
const (
	firstRetry   = 50 * time.Millisecond
	longestRetry = time.Second
)

// sendBulk returns nil when each record is stored or among the refusals.
func (s *Store) sendBulk(ctx context.Context, b *bulk, refused *refusals) error {
	deadline := time.Now().Add(s.cfg.RetryFor)
	for pause := firstRetry; ; pause = min(2*pause, longestRetry) {
		again, err := s.postBulk(ctx, b, refused)
		switch {
		case err == nil:
			return nil
		case errcode.Of(err) == errcode.TooLarge:
			return s.halve(ctx, b, refused, err)
		case errcode.Of(err) != errcode.Unavailable || ctx.Err() != nil:
			return err
		}
		wait := pause/2 + rand.N(pause) //nolint:gosec // spreads, hides nothing
		if time.Now().Add(wait).After(deadline) || !sleep(ctx, wait) {
			return err
		}
		s.counters.retries.Add(1)
		if again != nil {
			b.keep(again)
		}
	}
}

// halve sends a request that is too large for the server in two parts, and refuses a record that is
// too large by itself.
func (s *Store) halve(ctx context.Context, b *bulk, refused *refusals, cause error) error {
	if len(b.items) == 1 {
		item := b.items[0]
		refused.add(rejection.Item{
			Key: item.id, Time: item.time / int64(time.Millisecond), Field: "message", Reason: "too_large",
			Message: fmt.Sprintf("record is larger than Elasticsearch takes; shorten it, or raise http.max_content_length of the server: %v", cause),
		})
		return nil
	}
	positions := make([]int, len(b.items))
	for i := range positions {
		positions[i] = i
	}
	for half := range slices.Chunk(positions, (len(positions)+1)/2) {
		part := *b
		part.keep(half)
		if err := s.sendBulk(ctx, &part, refused); err != nil {
			return err
		}
	}
	return nil
}

// bulkAnswer is what the server says about a bulk request.
type bulkAnswer struct {
	Errors bool `json:"errors"`
	Items  []map[string]struct {
		Status int      `json:"status"`
		Error  *failure `json:"error"`
	} `json:"items"`
}

// postBulk sends a request once. With an Unavailable error it returns which records to send again;
// nil means all.
func (s *Store) postBulk(ctx context.Context, b *bulk, refused *refusals) (again []int, err error) {
	content, header, err := s.compress(b.body)
	if err != nil {
		return nil, err
	}
	s.counters.bytes.Add(uint64(len(b.body)))
	request := esapi.BulkRequest{
		Index: b.index, Routing: string(b.org), Refresh: refreshParameter(s.cfg.Refresh), Body: bytes.NewReader(content.Bytes()), Header: header,
		Timeout:    s.cfg.Timeout / 2,
		FilterPath: []string{"errors", "items.*.status", "items.*.error"},
	}
	var answer bulkAnswer
	if err = s.client.do(ctx, request, &answer); err != nil {
		return nil, err // somebody may still be reading the content
	}
	s.release(content)
	if !answer.Errors {
		s.counters.written.Add(uint64(len(b.items)))
		return nil, nil
	}
	if len(answer.Items) != len(b.items) {
		return nil, unavailable("Elasticsearch answers for %d of %d records", len(answer.Items), len(b.items))
	}
	return s.settle(b, &answer, refused)
}

// settle looks at each record's outcome.
func (s *Store) settle(b *bulk, answer *bulkAnswer, refused *refusals) (again []int, err error) {
	var written, duplicates uint64
	for i, outcome := range answer.Items {
		result := outcome["create"]
		switch cause := result.Error; {
		case cause == nil && result.Status < 300:
			written++
		case result.Status == http.StatusConflict:
			duplicates++
		case cause != nil && forever(result.Status, cause):
			refused.add(rejection.Item{
				Key: b.items[i].id, Time: b.items[i].time / int64(time.Millisecond), Field: "message", Reason: "value_invalid",
				Message: fmt.Sprintf("Elasticsearch refuses the record: %s; look at the mapping of index %s", cause, b.index),
			})
		default:
			if cause == nil {
				cause = &failure{Type: http.StatusText(result.Status)}
			}
			again = append(again, i)
			if err == nil || errcode.Of(err) == errcode.Unavailable {
				err = explainItem(result.Status, cause)
			}
		}
	}
	s.counters.written.Add(written)
	s.counters.duplicates.Add(duplicates)
	return again, err
}

// forever says whether the server will never take a document. What it refuses for its own state
// (a closed index, no room for shards, no right to create an index) passes.
func forever(status int, cause *failure) bool {
	if status != http.StatusBadRequest {
		return false
	}
	switch cause.Type {
	case "document_parsing_exception", "mapper_parsing_exception", "strict_dynamic_mapping_exception":
		return true
	case "illegal_argument_exception":
		return strings.Contains(cause.Reason, "immense") || strings.Contains(cause.Reason, "too long")
	}
	return false
}

// explainItem gives a refusal of a record that may pass its code.
func explainItem(status int, cause *failure) error {
	if cause.full() {
		return outOfSpace(cause.String())
	}
	err := unavailable("Elasticsearch has not taken some of the records: %d %s", status, cause)
	if cause.is("index_not_found_exception") {
		err.Fix = "let action.auto_create_index of the cluster name the indices of the log store"
	}
	return err
}

func refreshParameter(refresh string) string {
	switch refresh {
	case refreshWaitFor:
		return "wait_for"
	case refreshNow:
		return "true"
	}
	return ""
}

// compressed is a request body and what makes it.
type compressed struct {
	bytes.Buffer
	zip *gzip.Writer
}

//nolint:gochecknoglobals // memory that all stores share
var compressors = sync.Pool{New: func() any {
	zip, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
	return &compressed{zip: zip}
}}

// compress returns the body to send, and the header that says how to read it.
func (s *Store) compress(text []byte) (*compressed, http.Header, error) {
	if s.cfg.Compression == compressionNone {
		return &compressed{Buffer: *bytes.NewBuffer(text)}, nil, nil
	}
	c := compressors.Get().(*compressed)
	c.Reset()
	c.zip.Reset(&c.Buffer)
	if _, err := c.zip.Write(text); err != nil {
		return nil, nil, fmt.Errorf("compress a bulk request: %w", err)
	}
	if err := c.zip.Close(); err != nil {
		return nil, nil, fmt.Errorf("compress a bulk request: %w", err)
	}
	return c, http.Header{"Content-Encoding": {"gzip"}}, nil
}

func (s *Store) release(c *compressed) {
	if c.zip != nil {
		compressors.Put(c)
	}
}
