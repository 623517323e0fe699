package ingestreceiver

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

// statusOf turns an error into what OTLP clients understand: google.rpc.Status, with RetryInfo
// where trying again can help.
func statusOf(err error) *status.Status {
	s := status.New(errcode.GRPCCode(err), errorText(err))
	if wait := errcode.RetryAfter(err); wait > 0 {
		if detailed, detailErr := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)}); detailErr == nil {
			return detailed
		}
	}
	return s
}

// errorText is the problem document of err in one sentence.
func errorText(err error) string {
	doc := problem.Of(err)
	text := doc.Detail
	if doc.Field != "" {
		text = doc.Field + ": " + text
	}
	if doc.Fix != "" {
		text += "; " + doc.Fix
	}
	return strings.ToValidUTF8(text, "�")
}

// writeOTLPError answers with google.rpc.Status in the encoding of the request.
func writeOTLPError(w http.ResponseWriter, req *http.Request, err error) {
	contentType, typeErr := otlpContentType(req)
	if typeErr != nil {
		contentType = contentTypeJSON
	}
	message := statusOf(err).Proto()
	var answer []byte
	var marshalErr error
	if contentType == contentTypeJSON {
		answer, marshalErr = protojson.Marshal(message)
	} else {
		answer, marshalErr = proto.Marshal(message)
	}
	if marshalErr != nil {
		problem.Write(w, err)
		return
	}
	setErrorHeaders(w, err)
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(otlpHTTPStatus(err))
	// An error here means that the client went away; there is nobody left to tell.
	_, _ = w.Write(answer) //nolint:gosec // Not HTML: the content type is one of the two of OTLP.
}

// otlpHTTPStatus is the HTTP status of err on OTLP routes: the table's, but 503 for a full disk,
// because OTLP clients send again after 429, 502, 503 and 504 and drop the batch after others.
func otlpHTTPStatus(err error) int {
	if errcode.Of(err) == errcode.OutOfSpace {
		return http.StatusServiceUnavailable
	}
	return errcode.HTTPStatus(err)
}

func setErrorHeaders(w http.ResponseWriter, err error) {
	if wait := errcode.RetryAfter(err); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}
