// Package logs is the local log store: VictoriaLogs' storage engine behind the contract of
// package storage, with a journal in front.
//
// The engine keeps what it was given in memory for some seconds. So every batch is appended
// to the journal first, then given to the engine, then acknowledged. At start the journal is
// read again, and the rows that the engine does not have are given to it once more: each row
// holds its batch id and ordinal, so that the store can ask for them. The same ids make a
// client's retry harmless; they are remembered for ten minutes, in memory and, once their
// segment of the journal is dropped, in a second journal of ids.
//
//	orgs.json      the engine's number of every organisation
//	lock           held while a process has the store open
//	journal/       batches that the engine may not have on disk yet
//	ids/           ids of batches of the last minutes
//	data/          the engine
//	quarantine/    days that could not be opened
//
// The engine panics on corrupt files, also in its own goroutines. What can be checked cheaply
// is checked before it opens them (see check.go).
package logs
