// Package queue is a queue on disk for what is to be sent: it survives the death of the process
// and, with Sync, the loss of power; it is bounded in bytes and age, and drops the oldest first.
//
// Records are appended to segments, files that only grow:
//
//	record  = length uint32, CRC-32C of the rest uint32, time int64, items uint32, payload
//
// all little-endian; the length is that of the payload, the time is that of Append in Unix
// nanoseconds. The file `state` says which records are left, as JSON; it is replaced now and then,
// so that records sent since may be sent again after a crash: whoever receives them knows them
// by their ids. The highest bit of items says that the payload begins with a key of eight bytes, by
// which a record is known that comes again (AppendOnce).
//
// What is left is a list of ranges. The last one is fresh: it grows. Split closes it, so that what
// was kept while nothing could be sent does not delay what is new.
package queue
