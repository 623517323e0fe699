package ingestreceiver

import (
	"context"
	"mime"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
)

const (
	contentTypeProto = "application/x-protobuf"
	contentTypeJSON  = "application/json"
)

// idempotencyHeader names the header, and the gRPC metadata, by which a client says that two
// requests are one.
const idempotencyHeader = "Idempotency-Key"

// exportFunc decodes and stores a body, which it releases, and returns the encoded answer.
type exportFunc func(req *http.Request, contentType string, content *body) ([]byte, error)

func (r *ingestReceiver) handleOTLPMetrics(w http.ResponseWriter, req *http.Request) {
	r.serveOTLP(w, req, source{signalMetrics, protocolHTTP}, r.exportMetricsBody)
}

func (r *ingestReceiver) handleOTLPLogs(w http.ResponseWriter, req *http.Request) {
	r.serveOTLP(w, req, source{signalLogs, protocolHTTP}, r.exportLogsBody)
}

func (r *ingestReceiver) handleOTLPTraces(w http.ResponseWriter, req *http.Request) {
	writeOTLPError(w, req, errNoTraces())
}

func (r *ingestReceiver) serveOTLP(w http.ResponseWriter, req *http.Request, from source, export exportFunc) {
	begin := time.Now()
	contentType, answer, err := r.readAndExport(req, export)
	r.telemetry.finish(req.Context(), from, begin, err)
	if err != nil {
		r.logFault(err, from)
		writeOTLPError(w, req, err)
		return
	}
	w.Header().Set("Content-Type", contentType)
	// An error here means that the client went away; it will ask again.
	_, _ = w.Write(answer) //nolint:gosec // Not HTML: the content type is one of the two of OTLP.
}

func (r *ingestReceiver) readAndExport(req *http.Request, export exportFunc) (contentType string, answer []byte, err error) {
	if contentType, err = otlpContentType(req); err != nil {
		return "", nil, err
	}
	content, err := r.bodies.read(req, encodingGzip, encodingZstd, encodingIdentity)
	if err != nil {
		return "", nil, err
	}
	answer, err = export(req, contentType, content)
	return contentType, answer, err
}

// logFault logs what is ours to mend; everything else is counted and told to the client.
func (r *ingestReceiver) logFault(err error, from source) {
	if errcode.Of(err) == errcode.Internal {
		r.logger.Error("request could not be stored", zap.String("signal", from.signal), zap.String("protocol", from.protocol), zap.Error(err))
	}
}

// otlpContentType returns which of the two encodings the body has.
func otlpContentType(req *http.Request) (string, error) {
	header := req.Header.Get("Content-Type")
	mediaType := header
	if header != contentTypeProto && header != contentTypeJSON {
		mediaType, _, _ = mime.ParseMediaType(header)
	}
	if mediaType == contentTypeProto || mediaType == contentTypeJSON {
		return mediaType, nil
	}
	return "", errContentType(header, contentTypeProto, contentTypeJSON)
}

func errContentType(header string, accepted ...string) error {
	message := `"` + header + `" is not supported here`
	if header == "" {
		message = "is missing"
	}
	return &errcode.Error{Code: errcode.Unsupported, Field: "Content-Type", Message: message, Fix: "use " + orList(accepted)}
}

func (r *ingestReceiver) exportMetricsBody(req *http.Request, contentType string, content *body) ([]byte, error) {
	request := pmetricotlp.NewExportRequest()
	err := decodeOTLP(request, contentType, content.bytes)
	content.release()
	if err != nil {
		return nil, err
	}
	response, err := r.exportMetrics(req.Context(), request.Metrics(), source{signalMetrics, protocolHTTP})
	if err != nil {
		return nil, err
	}
	return encodeOTLP(response, contentType)
}

func (r *ingestReceiver) exportLogsBody(req *http.Request, contentType string, content *body) ([]byte, error) {
	request := plogotlp.NewExportRequest()
	if err := decodeOTLP(request, contentType, content.bytes); err != nil {
		content.release()
		return nil, err
	}
	logs := request.Logs()
	ids := newIDSource(orgOf(req.Context()), req.Header.Get(idempotencyHeader))
	if ids.wantsBody(logs) {
		ids.hashBody(content.bytes)
	}
	content.release()
	response, err := r.exportLogs(req.Context(), logs, ids, source{signalLogs, protocolHTTP})
	if err != nil {
		return nil, err
	}
	return encodeOTLP(response, contentType)
}

func orgOf(ctx context.Context) string {
	org, _ := orgcontext.From(ctx)
	return org
}

type otlpRequest interface {
	UnmarshalProto(data []byte) error
	UnmarshalJSON(data []byte) error
}

func decodeOTLP(request otlpRequest, contentType string, data []byte) error {
	if contentType == contentTypeJSON {
		if err := request.UnmarshalJSON(data); err != nil {
			return errUndecodable("OTLP in JSON", err)
		}
		return nil
	}
	if err := request.UnmarshalProto(data); err != nil {
		return errUndecodable("OTLP in protobuf", err)
	}
	return nil
}

type otlpResponse interface {
	MarshalProto() ([]byte, error)
	MarshalJSON() ([]byte, error)
}

// encodeOTLP encodes an answer. The empty one of a full success is written by hand, because pdata
// always writes partial_success, which must be unset then.
func encodeOTLP(response otlpResponse, contentType string) ([]byte, error) {
	if response == nil {
		if contentType == contentTypeJSON {
			return []byte("{}"), nil
		}
		return nil, nil
	}
	marshal := response.MarshalProto
	if contentType == contentTypeJSON {
		marshal = response.MarshalJSON
	}
	answer, err := marshal()
	if err != nil {
		return nil, errcode.New(errcode.Internal, "encode the answer: %w", err)
	}
	return answer, nil
}
