// Package live pushes metrics and logs to clients as they come, over a WebSocket (/v1/ws) or
// server-sent events (/v1/stream).
//
// A subscription to metrics is a PromQL expression evaluated at every interval, at times that
// are multiples of it, so that clients who watch the same thing share one evaluation. A
// subscription to logs is a filter on what is being written. Each connection has a bounded
// queue: frames that a slow client does not take in time are dropped and counted, and nobody
// else waits for it.
package live
