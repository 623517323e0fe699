// Package localexporter stores metrics and logs in the local stores of the same process.
//
// It is synchronous: it neither queues nor retries nor batches, so that what it acknowledges
// is stored.
package localexporter
