package kafkaclient

import (
	"slices"

	"github.com/segmentio/kafka-go"
)

// Headers of a message. The W3C headers traceparent and tracestate come beside them.
const (
	// HeaderOrg is the organisation that everything in the message belongs to.
	HeaderOrg = "pharos-org-id"
	// HeaderBatch is the id of the batch that the message is a part of.
	HeaderBatch = "pharos-batch-id"
)

// Headers of a dead letter, which also keeps those of the message that it was.
const (
	// HeaderDeadCode is the class of the reason: one of the codes of docs/errors.md, or of the
	// reasons of a refused item.
	HeaderDeadCode = "pharos-dead-code"
	// HeaderDeadReason says why, for people.
	HeaderDeadReason = "pharos-dead-reason"
	// HeaderDeadTopic, HeaderDeadPartition and HeaderDeadOffset are where the message was.
	HeaderDeadTopic = "pharos-dead-topic"
	// HeaderDeadPartition is the partition where the message was.
	HeaderDeadPartition = "pharos-dead-partition"
	// HeaderDeadOffset is the offset that the message had.
	HeaderDeadOffset = "pharos-dead-offset"
	// HeaderDeadItems is how many data points, records or spans of the message are in the letter.
	HeaderDeadItems = "pharos-dead-items"
	// HeaderDeadOmitted is there when the value was too large for the letter: how many bytes it
	// had.
	HeaderDeadOmitted = "pharos-dead-omitted-bytes"
)

// DeadSuffix follows the name of a topic in the name of the topic of its dead letters.
const DeadSuffix = ".dead"

// Headers are the headers of a message; they carry a trace context too.
type Headers []kafka.Header

// Get returns the value of a header; the last one counts, empty is none.
func (h *Headers) Get(key string) string {
	for _, header := range slices.Backward(*h) {
		if header.Key == key {
			return string(header.Value)
		}
	}
	return ""
}

// Set adds a header, or replaces it.
func (h *Headers) Set(key, value string) {
	for i := range *h {
		if (*h)[i].Key == key {
			(*h)[i].Value = []byte(value)
			return
		}
	}
	*h = append(*h, kafka.Header{Key: key, Value: []byte(value)})
}

// Keys returns the names of the headers.
func (h *Headers) Keys() []string {
	keys := make([]string, 0, len(*h))
	for i := range *h {
		keys = append(keys, (*h)[i].Key)
	}
	return keys
}
