// Package timescaleexporter stores metrics in TimescaleDB or plain PostgreSQL.
//
// It is synchronous: it neither queues nor retries nor batches, so that what it acknowledges is
// in a committed transaction.
package timescaleexporter
