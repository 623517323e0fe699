package ingestreceiver

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/internal/problem"
	"github.com/pharos-obs/pharos/storage/rejection"
)

const contentTypeLines = "application/x-ndjson"

// isLineType knows the names that one object a line goes by.
func isLineType(mediaType string) bool {
	switch mediaType {
	case contentTypeLines, "application/ndjson", "application/jsonl", "application/x-jsonlines":
		return true
	}
	return false
}

// maxListed bounds the answer to a large body in which everything is wrong.
const maxListed = 1000

// jsonAnswer is the answer of the JSON endpoints.
type jsonAnswer struct {
	// Accepted is how many items are stored.
	Accepted int `json:"accepted"`
	// Rejected lists the others, by their place in the body.
	Rejected []jsonRejection `json:"rejected"`
	// Unlisted is how many more were rejected than are listed.
	Unlisted int `json:"rejected_unlisted,omitempty"`
}

type jsonRejection struct {
	Index int    `json:"index"`
	Field string `json:"field"`
	Error string `json:"error"`
}

// jsonOutcome collects what becomes of the items of a body.
type jsonOutcome struct {
	total    int
	refused  int
	reasons  map[string]int
	rejected []jsonRejection
}

func (o *jsonOutcome) reject(index int, err *itemError) {
	if o.reasons == nil {
		o.reasons = map[string]int{}
	}
	o.refused++
	o.reasons[err.reason]++
	if len(o.rejected) < maxListed {
		o.rejected = append(o.rejected, jsonRejection{Index: index, Field: err.field, Error: err.message})
	}
}

// rejectLater adds what the pipeline left out; place finds an item's place in the body.
func (o *jsonOutcome) rejectLater(report *rejection.Report, place func(rejection.Item) int) {
	items := report.Items()
	for _, item := range items {
		if len(o.rejected) < maxListed {
			o.rejected = append(o.rejected, jsonRejection{Index: place(item), Field: item.Field, Error: item.Message})
		}
	}
	o.refused += report.Count()
}

func (o *jsonOutcome) answer() jsonAnswer {
	slices.SortStableFunc(o.rejected, func(a, b jsonRejection) int { return a.Index - b.Index })
	if o.rejected == nil {
		o.rejected = []jsonRejection{}
	}
	return jsonAnswer{Accepted: max(o.total-o.refused, 0), Rejected: o.rejected, Unlisted: o.refused - len(o.rejected)}
}

func (r *ingestReceiver) handleJSONMetrics(w http.ResponseWriter, req *http.Request) {
	r.serveJSON(w, req, source{signalMetrics, protocolJSON}, r.ingestMetrics)
}

func (r *ingestReceiver) handleJSONLogs(w http.ResponseWriter, req *http.Request) {
	r.serveJSON(w, req, source{signalLogs, protocolJSON}, r.ingestLogs)
}

// ingestFunc decodes and stores a body. An error means that nothing was stored.
type ingestFunc func(req *http.Request, from source, body []byte, lines bool) (*jsonOutcome, error)

func (r *ingestReceiver) serveJSON(w http.ResponseWriter, req *http.Request, from source, ingest ingestFunc) {
	begin := time.Now()
	outcome, err := r.readAndIngest(req, from, ingest)
	r.telemetry.finish(req.Context(), from, begin, err)
	if err != nil {
		r.logFault(err, from)
		problem.Write(w, err)
		return
	}
	r.telemetry.refused(req.Context(), from, outcome.reasons)
	answer := outcome.answer()
	w.Header().Set("Content-Type", contentTypeJSON)
	if answer.Accepted == 0 && outcome.total > 0 {
		w.WriteHeader(http.StatusBadRequest)
	}
	// An error here means that the client went away; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(answer)
}

func (r *ingestReceiver) readAndIngest(req *http.Request, from source, ingest ingestFunc) (*jsonOutcome, error) {
	header := req.Header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(header)
	lines := isLineType(mediaType)
	if !lines && mediaType != contentTypeJSON {
		return nil, errContentType(header, contentTypeJSON, contentTypeLines)
	}
	content, err := r.bodies.read(req, encodingGzip, encodingZstd, encodingIdentity)
	if err != nil {
		return nil, err
	}
	defer content.release()
	return ingest(req, from, content.bytes, lines)
}

func (r *ingestReceiver) ingestMetrics(req *http.Request, from source, body []byte, lines bool) (*jsonOutcome, error) {
	outcome := &jsonOutcome{}
	items := newMetricItems(r.now())
	var err error
	if outcome.total, err = decodeItems(body, lines, items, outcome.reject); err != nil {
		return nil, err
	}
	if items.builder.Len() == 0 {
		return outcome, nil
	}
	stored := items.builder.Len()
	report, err := r.consumeMetrics(req.Context(), items.builder.Metrics())
	if err != nil {
		return nil, err
	}
	r.telemetry.stored(req.Context(), from, stored, report)
	if report.Count() > 0 {
		places, err := metricPlaces(body, lines, items.now)
		if err != nil {
			return nil, err
		}
		outcome.rejectLater(report, places.take)
	}
	return outcome, nil
}

func (r *ingestReceiver) ingestLogs(req *http.Request, from source, body []byte, lines bool) (*jsonOutcome, error) {
	outcome := &jsonOutcome{}
	items := newLogItems(r.now())
	var err error
	if outcome.total, err = decodeItems(body, lines, items, outcome.reject); err != nil {
		return nil, err
	}
	stored := items.logs.LogRecordCount()
	if stored == 0 {
		return outcome, nil
	}
	ids := newIDSource(orgOf(req.Context()), req.Header.Get(idempotencyHeader))
	if ids.batch == "" && items.timed {
		ids.hashBody(body)
	}
	stampLogs(items.logs, items.now, ids)
	report, err := r.consumeLogs(req.Context(), items.logs)
	if err != nil {
		return nil, err
	}
	r.telemetry.stored(req.Context(), from, stored, report)
	if report.Count() > 0 {
		places := items.places()
		outcome.rejectLater(report, func(item rejection.Item) int { return logPlace(places, item.Key) })
	}
	return outcome, nil
}

// unknownPlace is the index of a rejection that names no item of the body.
const unknownPlace = -1

// logPlace finds a record by its id, which ends in its ordinal.
func logPlace(places []int, id string) int {
	ordinal, err := strconv.Atoi(id[strings.LastIndexByte(id, '-')+1:])
	if err != nil || ordinal < 0 || ordinal >= len(places) {
		return unknownPlace
	}
	return places[ordinal]
}

// sampleKey identifies a sample as a rejection does.
type sampleKey struct {
	series string
	time   int64
}

// samplePlaces holds the places in the body of each sample.
type samplePlaces map[sampleKey][]int

// metricPlaces decodes a body again, because the pipeline may have changed what was made of it.
func metricPlaces(body []byte, lines bool, now time.Time) (samplePlaces, error) {
	items := newMetricItems(now)
	if _, err := decodeItems(body, lines, items, func(int, *itemError) {}); err != nil {
		return nil, err
	}
	places, next := samplePlaces{}, 0
	scope := items.builder.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0)
	for _, metric := range scope.Metrics().All() {
		for _, point := range metric.Gauge().DataPoints().All() {
			key := sampleKey{rejection.SeriesKey(metric.Name(), point.Attributes()), rejection.Milliseconds(point.Timestamp())}
			places[key] = append(places[key], items.indexes[next])
			next++
		}
	}
	return places, nil
}

// take returns the place of a refused sample. Of samples that are alike, the last ones were
// refused: the first is the one that a store keeps.
func (p samplePlaces) take(item rejection.Item) int {
	key := sampleKey{item.Key, item.Time}
	places := p[key]
	if len(places) == 0 {
		return unknownPlace
	}
	last := len(places) - 1
	p[key] = places[:last]
	return places[last]
}
