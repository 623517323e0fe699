package elasticsearch

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// Search implements storage.LogReader. Where the server finds too much it reads on until the page
// is full.
func (s *Store) Search(ctx context.Context, org storage.OrgID, query storage.LogQuery) (storage.LogPage, error) {
	if err := s.enter(); err != nil {
		return storage.LogPage{}, err
	}
	defer s.leave()
	if query.Limit < 1 {
		return storage.LogPage{}, errcode.InvalidField("limit", fmt.Sprintf("is %d", query.Limit), "use at least 1")
	}
	after, err := parseCursor(query.Cursor)
	if err != nil {
		return storage.LogPage{}, err
	}
	r, err := s.begin(org, query.Filter, query.From, query.To)
	if err != nil {
		return storage.LogPage{}, err
	}
	r.oldestFirst, r.after = query.OldestFirst, after
	var page storage.LogPage
	err = s.each(ctx, r, query.Limit+1, func(h *hit) error {
		if len(page.Records) == query.Limit {
			last := page.Records[query.Limit-1]
			page.Next = position{last.Time.UnixNano(), last.ID}.String()
			return errEnough
		}
		page.Records = append(page.Records, logrecord.Record(h.at, h.id, h.fields))
		return nil
	})
	return page, err
}

// position is a place in the order of records, by time, then by id.
type position struct {
	time int64
	id   string
}

func (p position) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.time, 10) + " " + p.id))
}

// parseCursor returns nil for the beginning.
func parseCursor(text string) (*position, error) {
	if text == "" {
		return nil, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	at, id, found := strings.Cut(string(decoded), " ")
	ns, numberErr := strconv.ParseInt(at, 10, 64)
	if err != nil || numberErr != nil || !found || ns < 0 {
		return nil, errcode.InvalidField("cursor", "is not one that a search returned", "use the `next` of the page before, or none")
	}
	return &position{ns, id}, nil
}

// reading is what every read begins with.
type reading struct {
	org         storage.OrgID
	filter      *logfilter.Filter
	query       object // of the organisation, the time range and the filter
	exact       bool   // the query finds just what the filter matches
	targets     []string
	oldestFirst bool
	after       *position
	source      any // what to read of documents
}

// begin prepares a read.
func (s *Store) begin(org storage.OrgID, filter *logfilter.Filter, from, to time.Time) (reading, error) {
	if err := checkOrg(org); err != nil {
		return reading{}, err
	}
	found, err := translate(org, filter)
	if err != nil {
		return reading{}, err
	}
	low, high := timeBounds(from, to)
	return reading{
		org: org, filter: filter, exact: found.exact, targets: s.classes.targets(low, high),
		source: object{"excludes": []string{"search", "time", "org_id", "id"}},
		query:  all(term("org_id", string(org)), timeQuery(low, high), found.query),
	}, nil
}

// hit is a record that was found.
type hit struct {
	at     int64
	id     string
	index  string
	docID  string
	fields []logfilter.Field // without time and id
}

// errEnough ends a walk over records.
var errEnough = errors.New("enough")

// How many records one request reads.
const (
	smallestPage = 100
	largestPage  = 1000
)

// each calls fn with the records of a reading, in its order, until fn returns an error; errEnough
// is none. wanted is how many the caller will take.
func (s *Store) each(ctx context.Context, r reading, wanted int, fn func(h *hit) error) error {
	size := min(wanted, largestPage)
	if !r.exact {
		size = max(size, smallestPage)
	}
	for {
		hits, err := s.page(ctx, r, size)
		if err != nil {
			return err
		}
		for i := range hits {
			h := &hits[i]
			if !r.exact && !h.matches(r.filter) {
				continue
			}
			if err := fn(h); err != nil {
				if errors.Is(err, errEnough) {
					return nil
				}
				return err
			}
		}
		if len(hits) < size {
			return nil
		}
		last := hits[len(hits)-1]
		r.after = &position{last.at, last.id}
		size = min(2*size, largestPage)
	}
}

// matches asks the definition of the filter language.
func (h *hit) matches(filter *logfilter.Filter) bool {
	fields := append(slices.Clip(h.fields),
		logfilter.Field{Name: logfilter.FieldTime, Value: time.Unix(0, h.at).UTC().Format(time.RFC3339Nano)},
		logfilter.Field{Name: logfilter.FieldID, Value: h.id})
	return logfilter.Match(filter, fields)
}

// page reads the records that come next.
func (s *Store) page(ctx context.Context, r reading, size int) ([]hit, error) {
	order := "desc"
	if r.oldestFirst {
		order = "asc"
	}
	request := object{
		"size": size, "track_total_hits": false, "query": r.query, "_source": r.source,
		"sort": []object{
			{"time": object{"order": order, "format": "strict_date_optional_time_nanos", "numeric_type": "date_nanos"}},
			{"id": object{"order": order}},
		},
	}
	if r.after != nil {
		request["search_after"] = []string{timeText(r.after.time), r.after.id}
	}
	var answer struct {
		Hits struct {
			Hits []answerHit `json:"hits"`
		} `json:"hits"`
	}
	if err := s.search(ctx, r, request, &answer); err != nil {
		return nil, err
	}
	hits := make([]hit, len(answer.Hits.Hits))
	for i := range answer.Hits.Hits {
		if err := answer.Hits.Hits[i].read(&hits[i]); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// search sends a search. An answer that is not of all shards is an error.
func (s *Store) search(ctx context.Context, r reading, request object, into any) error {
	content, err := body(request)
	if err != nil {
		return err
	}
	yes, no := true, false
	return s.client.do(ctx, esapi.SearchRequest{
		Index: r.targets, Routing: []string{string(r.org)}, Body: content,
		IgnoreUnavailable: &yes, AllowNoIndices: &yes, AllowPartialSearchResults: &no,
	}, into)
}

// answerHit is a record in an answer.
type answerHit struct {
	Index  string    `json:"_index"`
	DocID  string    `json:"_id"`
	Source source    `json:"_source"`
	Sort   [2]string `json:"sort"`
}

// source is a document, without what is for filters only.
type source struct {
	Service    string            `json:"service"`
	InstanceID string            `json:"instance_id"`
	Level      string            `json:"level"`
	Message    string            `json:"message"`
	TraceID    string            `json:"trace_id"`
	SpanID     string            `json:"span_id"`
	Labels     map[string]string `json:"labels"`
	JSON       map[string]string `json:"json"`
}

func (a *answerHit) read(h *hit) error {
	at, err := time.Parse(time.RFC3339Nano, a.Sort[0])
	if err != nil {
		return errcode.New(errcode.Internal, "read the time of a log record in index %s: %w", a.Index, err)
	}
	*h = hit{at: at.UnixNano(), id: a.Sort[1], index: a.Index, docID: a.DocID}
	add := func(name, value string) {
		if value != "" {
			h.fields = append(h.fields, logfilter.Field{Name: name, Value: value})
		}
	}
	h.fields = make([]logfilter.Field, 0, 8+len(a.Source.Labels)+len(a.Source.JSON))
	add(logfilter.FieldService, a.Source.Service)
	add(logfilter.FieldInstanceID, a.Source.InstanceID)
	add(logfilter.FieldLevel, a.Source.Level)
	add(logfilter.FieldMessage, a.Source.Message)
	add(logfilter.FieldTraceID, a.Source.TraceID)
	add(logfilter.FieldSpanID, a.Source.SpanID)
	for name, value := range a.Source.Labels {
		add(logfilter.LabelsPrefix+name, value)
	}
	for name, value := range a.Source.JSON {
		add(logfilter.JSONPrefix+name, value)
	}
	return nil
}
