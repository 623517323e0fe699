// Package problem writes errors as RFC 9457 problem documents.
package problem

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// ContentType is the media type of a problem document.
const ContentType = "application/problem+json"

// Document is an RFC 9457 problem document with Pharos' members.
type Document struct {
	Type   string `json:"type" doc:"Always about:blank; code tells errors apart"`
	Title  string `json:"title" doc:"The HTTP status in words"`
	Status int    `json:"status" doc:"The HTTP status"`
	Detail string `json:"detail" doc:"What was wrong, for people"`
	Code   string `json:"code" doc:"What was wrong, for programs"`
	Field  string `json:"field,omitempty" doc:"The field, parameter or header at fault"`
	Fix    string `json:"fix,omitempty" doc:"What the caller can do"`
}

// Error implements error, so that a document can travel as one.
func (d *Document) Error() string { return d.Detail }

// GetStatus returns the HTTP status; huma asks for it.
func (d *Document) GetStatus() int { return d.Status }

// ContentType returns the media type; huma asks for it.
func (*Document) ContentType(string) string { return ContentType }

// Of returns the document of err. The text of an Internal error is not shown, because it may
// hold paths and statements; the caller logs it.
func Of(err error) *Document {
	status := errcode.HTTPStatus(err)
	doc := &Document{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: string(errcode.Of(err))}
	var coded *errcode.Error
	switch {
	case errors.As(err, &coded):
		doc.Field, doc.Fix = coded.Field, coded.Fix
		doc.Detail = coded.Message
	case errcode.Of(err) == errcode.Timeout:
		doc.Detail = "the request took longer than its limit"
	case errcode.Of(err) == errcode.Canceled:
		doc.Detail = "the client went away"
	}
	if errcode.Of(err) == errcode.Internal {
		doc.Detail = "something went wrong on the server; its log says what"
	}
	return doc
}

// Write answers with the document of err, and with Retry-After where trying again can help.
func Write(w http.ResponseWriter, err error) { WriteAs(w, errcode.HTTPStatus(err), err) }

// WriteAs is Write with another status than the code of err has.
func WriteAs(w http.ResponseWriter, status int, err error) {
	if wait := errcode.RetryAfter(err); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	doc := Of(err)
	doc.Status, doc.Title = status, http.StatusText(status)
	WriteDocument(w, doc)
}

// WriteDocument answers with a document.
func WriteDocument(w http.ResponseWriter, doc *Document) {
	w.Header().Set("Content-Type", ContentType)
	w.WriteHeader(doc.Status)
	// An error here means that the client went away; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(doc)
}
