// Package filereceiver is the receiver `files`: it follows log files through every kind of rotation
// and hands each line over once, also after kill -9.
//
// One goroutine does everything, in passes: it looks which files there are (discover.go), reads
// what is new (read.go), cuts it into records (split.go), and hands them over (deliver.go). What a
// file is does not depend on its name: it is known by its inode, its first bytes and the last
// bytes that were read of it (known.go, rotate.go). All progress is in a journal (state.go).
//
// Before a batch is handed over, the journal says which bytes of which files are in it, and under
// which id. After a crash the same bytes are read again under the same id, so that whoever has the
// batch already knows it.
package filereceiver
