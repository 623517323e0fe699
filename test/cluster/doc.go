// Package cluster starts the distributed program for tests: the gateway, the writer and the
// backend as processes of the real binary, on real Kafka, Elasticsearch, PostgreSQL, TimescaleDB
// and Redis.
//
// Between the roles and each server but Kafka is a Link that can be cut, hung and restored, so
// that a server can be away for a moment without the minute that its restart takes. Every role
// and every server can be killed and started again as well.
//
// Clusters may share their servers: each has topics, databases and indices of its own.
package cluster
