// Package deliveryexporter is the `delivery` exporter: it keeps metrics, logs and traces on disk
// and sends them by OTLP until the server has them.
//
// What comes in is encoded and compressed once and appended to a queue on disk (package queue).
// Encodings of OTLP follow each other: the bytes of two export requests, one after the other, are
// one request with the data of both, and gzip and zstd allow the same of compressed streams
// (RFC 1952 section 2.2, RFC 8878 section 3.1). So several records of the queue become one
// request without being read.
package deliveryexporter
