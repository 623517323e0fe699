package logsearch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

const (
	// exportPage is how many records of a download are in memory at once.
	exportPage = 2000
	// exportWrite is how long a client may take to receive one page.
	exportWrite = 30 * time.Second
	// trailerRecords and trailerComplete are sent behind a download.
	trailerRecords  = "Pharos-Records"
	trailerComplete = "Pharos-Complete"
)

type exportInput struct {
	Query      string `query:"query" doc:"Filter in the log filter language" example:"level:error refused"`
	Service    string `query:"service" doc:"Value of the field service"`
	InstanceID string `query:"instance_id" doc:"Value of the field instance_id"`
	Level      string `query:"level" doc:"Level, or several separated by commas" example:"warn,error"`
	From       string `query:"from" doc:"Start: RFC 3339 with a zone, Unix seconds or milliseconds, or now-15m; an hour before the end by default" example:"now-15m"`
	To         string `query:"to" doc:"End; now by default"`
	Format     string `query:"format" enum:"ndjson,csv" default:"ndjson" doc:"ndjson for one JSON object a line, csv for a spreadsheet"`
	Fields     string `query:"fields" doc:"Fields to keep, separated by commas; all by default" example:"time,level,message,labels.region"`
	Order      Order  `query:"order" enum:"desc,asc" default:"desc" doc:"desc for the newest first, asc for the oldest first"`
	Limit      int    `query:"limit" minimum:"0" doc:"Records at most; 0 for as many as the server allows"`
}

func exportOperation(most int) huma.Operation {
	const text = "text/csv"
	return huma.Operation{
		OperationID: "query-logs-export", Method: http.MethodGet, Path: "/v1/query/logs/export",
		Summary: "Log records as a download",
		Description: "Streams at most " + strconv.Itoa(most) + " records, newest first or as `order` says. The trailer `" + trailerRecords +
			"` says how many they were, and `" + trailerComplete + "` is `false` when there were more. When something goes wrong after the " +
			"first record, the connection is cut off, so that nobody takes the part for the whole. In CSV (RFC 4180) a text that a spreadsheet " +
			"would take for a formula begins with an apostrophe; numbers and NDJSON are as they were written.",
		Tags:     []string{"query"},
		Metadata: map[string]any{"scope": auth.ScopeQuery},
		Responses: map[string]*huma.Response{"200": {
			Description: "The records",
			Headers: map[string]*huma.Param{
				"Content-Disposition": {Description: "attachment, with a file name", Schema: &huma.Schema{Type: huma.TypeString}},
			},
			Content: map[string]*huma.MediaType{
				"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString}},
				text:                   {Schema: &huma.Schema{Type: huma.TypeString}},
			},
		}},
	}
}

// download is a checked request for one.
type download struct {
	org    storage.OrgID
	query  storage.LogQuery
	left   int // records that may still be written
	format exportFormat
	name   string
}

// export answers with the first page's error as a problem document, or streams.
func (s *Service) export(ctx context.Context, input *exportInput) (*huma.StreamResponse, error) {
	d, err := s.download(ctx, input)
	if err != nil {
		return nil, err
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return nil, &errcode.Error{
			Code: errcode.RateLimited, Message: fmt.Sprintf("%d downloads are running, which is the limit (max_exports)", s.config.MaxExports),
			Fix: "wait until one has ended", RetryAfter: 10 * time.Second,
		}
	}
	first, err := s.nextPage(ctx, d)
	if err != nil {
		<-s.slots
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) { //nolint:contextcheck // hctx carries the request's context
		defer func() { <-s.slots }()
		s.stream(hctx.Context(), hctx, d, first)
	}}, nil
}

func (s *Service) download(ctx context.Context, input *exportInput) (*download, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	d := &download{org: org, left: s.config.MaxExport}
	if d.format, err = formatOf(input.Format, input.Fields); err != nil {
		return nil, err
	}
	if input.Limit > s.config.MaxExport {
		return nil, errcode.InvalidField("limit", "is more than the limit of "+strconv.Itoa(s.config.MaxExport), "narrow the time range or the filter, and download in parts")
	}
	if input.Limit > 0 {
		d.left = input.Limit
	}
	filters := Filters{Query: input.Query, Service: input.Service, InstanceID: input.InstanceID, Level: input.Level}
	if d.query.Filter, err = filters.Filter(); err != nil {
		return nil, err
	}
	if d.query.From, d.query.To, err = querytime.ParseSpan(input.From, input.To, s.now()); err != nil {
		return nil, err
	}
	d.query.OldestFirst = input.Order == OldestFirst
	const layout = "20060102T150405Z"
	d.name = "logs-" + d.query.From.UTC().Format(layout) + "-" + d.query.To.UTC().Format(layout) + "." + d.format.extension()
	return d, nil
}

func (s *Service) nextPage(ctx context.Context, d *download) (storage.LogPage, error) {
	d.query.Limit = min(exportPage, d.left, s.config.MaxRows)
	var page storage.LogPage
	err := s.limited(ctx, func(ctx context.Context) error {
		var err error
		page, err = s.logs.Search(ctx, d.org, d.query)
		return err
	})
	d.query.Cursor = page.Next
	d.left -= len(page.Records)
	return page, err
}

// stream writes page by page until the end, the limit, or the client's leaving. When it has
// to stop before, it cuts the connection.
func (s *Service) stream(ctx context.Context, hctx huma.Context, d *download, page storage.LogPage) {
	hctx.SetHeader("Content-Type", d.format.contentType())
	hctx.SetHeader("Content-Disposition", `attachment; filename="`+d.name+`"`)
	hctx.SetHeader("Cache-Control", "no-store")
	hctx.SetHeader("Trailer", trailerRecords+", "+trailerComplete)
	w := hctx.BodyWriter()
	written := 0
	buffer := d.format.appendHeader(nil)
	for {
		for _, record := range page.Records {
			buffer = d.format.appendRecord(buffer, record)
		}
		if err := send(w, buffer); err != nil {
			panic(http.ErrAbortHandler) // the client is gone, or takes nothing
		}
		buffer = buffer[:0]
		written += len(page.Records)
		if page.Next == "" || d.left == 0 {
			break
		}
		var err error
		if page, err = s.nextPage(ctx, d); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	hctx.SetHeader(trailerRecords, strconv.Itoa(written))
	hctx.SetHeader(trailerComplete, strconv.FormatBool(page.Next == ""))
}

// send writes one page through to the client.
func send(w io.Writer, buffer []byte) error {
	// Not every writer has deadlines, or holds back; one without is still written to.
	response, ok := w.(http.ResponseWriter)
	if ok {
		_ = http.NewResponseController(response).SetWriteDeadline(time.Now().Add(exportWrite))
	}
	if _, err := w.Write(buffer); err != nil {
		return fmt.Errorf("write a page: %w", err)
	}
	if ok {
		if err := http.NewResponseController(response).Flush(); err != nil {
			return fmt.Errorf("flush a page: %w", err)
		}
	}
	return nil
}

// fieldList reads the names of fields.
func fieldList(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	names := strings.Split(text, ",")
	for i, name := range names {
		if names[i] = strings.TrimSpace(name); names[i] == "" {
			return nil, errcode.InvalidField("fields", "has an empty name", "separate names by single commas: time,level,message")
		}
	}
	return names, nil
}
