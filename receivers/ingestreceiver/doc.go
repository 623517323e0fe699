// Package ingestreceiver is the receiver `ingest`: the one way in for metrics and logs.
//
// It serves OTLP over gRPC and HTTP, the JSON endpoints and Prometheus remote write on the
// listeners of the front door, which has authenticated and limited a request before it comes
// here. A request is read and decompressed within a limit, decoded, passed down the pipeline
// in the caller's goroutine, and answered when the pipeline has stored it. What processors and
// stores leave out of a batch they write into a rejection.Report; it comes back to the client
// in the words of its protocol: `partial_success`, `rejected[]` or a remote-write error.
package ingestreceiver
