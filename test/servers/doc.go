// Package servers starts the real servers that the distributed program runs on, for tests and for
// people: Kafka, Elasticsearch, PostgreSQL, pgbouncer, Redis and TimescaleDB, each on free ports
// of 127.0.0.1 with a folder of its own and without Docker. install.sh beside it fetches what
// they need into .cache/servers of the repository; nothing of that is part of Pharos.
//
// Kafka is one KRaft node. Elasticsearch is the archive its own integration tests use, without
// its modules for reindexing, lifecycle and scripts. TimescaleDB is compiled to WebAssembly: one
// session that its clients take in turn, and no background workers.
package servers
