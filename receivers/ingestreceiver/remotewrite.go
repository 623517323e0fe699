package ingestreceiver

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/rejection"
)

const (
	messageV1 = "prometheus.WriteRequest"
	messageV2 = "io.prometheus.write.v2.Request"
)

// Headers of a remote write 2 answer.
const (
	headerSamplesWritten    = "X-Prometheus-Remote-Write-Samples-Written"
	headerHistogramsWritten = "X-Prometheus-Remote-Write-Histograms-Written"
	headerExemplarsWritten  = "X-Prometheus-Remote-Write-Exemplars-Written"
)

// handleRemoteWrite serves Prometheus remote write 1 and 2. As its specification asks, what is
// good is stored before the rest is refused with 400, and only 5xx is worth trying again.
func (r *ingestReceiver) handleRemoteWrite(w http.ResponseWriter, req *http.Request) {
	begin := time.Now()
	from := source{signalMetrics, protocolRW}
	version, err := remoteWriteVersion(req.Header.Get("Content-Type"))
	var written remoteStats
	if err == nil {
		written, err = r.remoteWrite(req, from, version)
	}
	r.telemetry.finish(req.Context(), from, begin, err)
	if version == 2 {
		w.Header().Set(headerSamplesWritten, strconv.Itoa(written.samples))
		w.Header().Set(headerHistogramsWritten, strconv.Itoa(written.histograms))
		w.Header().Set(headerExemplarsWritten, strconv.Itoa(written.exemplars))
	}
	if err != nil {
		r.logFault(err, from)
		writeRemoteError(w, req, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// remoteStats are what was written, for the headers of version 2.
type remoteStats struct{ samples, histograms, exemplars int }

// writeRemoteError answers in plain text, which senders log.
func writeRemoteError(w http.ResponseWriter, _ *http.Request, err error) {
	setErrorHeaders(w, err)
	http.Error(w, errorText(err), errcode.HTTPStatus(err))
}

// remoteWriteVersion reads the protobuf message that the content type names.
func remoteWriteVersion(header string) (int, error) {
	if header == "" {
		return 1, nil
	}
	mediaType, parameters, err := mime.ParseMediaType(header)
	if err == nil && mediaType == contentTypeProto {
		switch parameters["proto"] {
		case "", messageV1:
			return 1, nil
		case messageV2:
			return 2, nil
		}
	}
	return 0, errContentType(header, contentTypeProto+";proto="+messageV2, contentTypeProto)
}

func (r *ingestReceiver) remoteWrite(req *http.Request, from source, version int) (remoteStats, error) {
	if req.Header.Get("Content-Encoding") == "" {
		// What every sender means, and the early ones do not say.
		req.Header.Set("Content-Encoding", encodingSnappy)
	}
	content, err := r.bodies.read(req, encodingSnappy, encodingZstd, encodingGzip)
	if err != nil {
		return remoteStats{}, err
	}
	request, err := r.requests.decode(content.bytes, version)
	content.release()
	if err != nil {
		return remoteStats{}, err
	}
	defer r.requests.release(request, version)
	batch := request.batch()
	r.telemetry.refused(req.Context(), from, batch.reasons)
	metrics := batch.builder.Metrics()
	if batch.builder.Len() == 0 && !batch.hasMetadata {
		return remoteStats{}, batch.refusal(nil)
	}
	report, err := r.consumeMetrics(req.Context(), metrics)
	if err != nil {
		return remoteStats{}, err
	}
	r.telemetry.stored(req.Context(), from, batch.builder.Len(), report)
	written := batch.added
	if report.Count() > 0 {
		// The pipeline may have changed the batch: only a new one tells what was refused.
		written = request.batch().written(report)
	}
	return written, batch.refusal(report)
}

// maxRefusalMessages bounds how many refusals an answer spells out.
const maxRefusalMessages = 5

// refusal is the error of what was left out, by the receiver and after it; nil when nothing was.
func (b *remoteBatch) refusal(report *rejection.Report) error {
	refused := b.refused + report.Count()
	if refused == 0 {
		return nil
	}
	messages := b.messages
	for _, item := range report.Items() {
		if len(messages) == maxRefusalMessages {
			break
		}
		messages = append(messages, strings.TrimPrefix(item.Field+": ", ": ")+item.Message)
	}
	text := strings.Join(messages, "; ")
	if more := refused - len(messages); more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return &errcode.Error{
		Code:    errcode.Invalid,
		Message: fmt.Sprintf("%d refused, the rest was stored: %s", refused, text),
	}
}
