// Package timescale stores metrics in PostgreSQL, with TimescaleDB where the database has the
// extension and with daily partitions of its own where it has not.
//
// A series is a row of its own with its labels; a sample is a row of (time, series, value). What
// Commit has acknowledged is in a committed transaction, and the primary key makes a retry
// harmless. The tables are described for people who write SQL in docs/formats/timescale.md.
//
// The way of a batch: labels are looked up in a cache of series ids, unknown ones are created in
// one statement, the rows go by COPY. COPY refuses a batch with a row that exists, so such a
// batch is repeated through a temporary table. A writer holds a shared lock of the organisation
// while it writes, and reads the organisation's series epoch under it; whoever deletes series
// holds the lock alone and raises the epoch. So an id in a cache cannot outlive its series.
//
// All locks are those of a transaction, no statement is prepared by name and nothing is set for a
// session, so that it works behind pgbouncer in transaction mode.
package timescale
