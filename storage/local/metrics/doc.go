// Package metrics stores metrics in files on this machine: one Prometheus TSDB for each
// organisation, in a folder named by its id.
//
// Organisations open on first use and close when they have been idle. What Commit has
// acknowledged is in the write-ahead log, and so survives the death of the process; with
// Config.Sync also that of the machine.
//
// Three things are added to the TSDB so that this holds. The record of a new series is
// written before any appender can use the series, because replay drops samples that come
// before it. After a failed write the TSDB is opened again before it takes more samples,
// because replay drops all that follows a torn record. And series references given to
// callers carry the generation of the opened TSDB, so that a reference kept from an earlier
// one is no more than a miss.
package metrics
